"""What do people call a browser?"""

import pytest

from tocsin.accounts.agents import label_of

_MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko)"
_IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
_ANDROID = "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("agent", "label"),
    [
        ("Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0", "Firefox on Android"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        (f"{_ANDROID} Chrome/138.0.0.0 Mobile Safari/537.36", "Chrome on Android"),
        (f"{_ANDROID} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36", "Samsung Internet on Android"),
        (f"{_MAC} Chrome/138.0.0.0 Safari/537.36", "Chrome on macOS"),
        (f"{_MAC} Chrome/138.0.0.0 Safari/537.36 OPR/120.0", "Opera on macOS"),
        (f"{_MAC} Version/18.4 Safari/605.1.15", "Safari on macOS"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/138.0.0.0 Safari/537.36 Edg/138.0", "Edge on Windows"),
        (f"{_IPHONE} Version/18.4 Mobile/15E148 Safari/604.1", "Safari on iPhone"),
        (f"{_IPHONE} Mobile/15E148", "Safari on iPhone"),
        (f"{_IPHONE} CriOS/138.0 Mobile/15E148 Safari/604.1", "Chrome on iPhone"),
        ("curl/8.5.0", "a browser"),
        ("", "a browser"),
        ("<script>alert(1)</script>", "a browser"),
    ],
)
def test_browser_is_called_by_its_name_and_its_place(agent: str, label: str) -> None:
    assert label_of(agent) == label
