"""What do people call a browser? Its name and where it runs, as far as its `User-Agent` says. For eyes alone."""

import re

# The first that is found: each names itself after those that it is descended from.
_BROWSERS = (
    (r"\bEdgA?(?:iOS)?/", "Edge"),
    (r"\bOPR/", "Opera"),
    (r"\bSamsungBrowser/", "Samsung Internet"),
    (r"\b(?:Firefox|FxiOS)/", "Firefox"),
    (r"\b(?:Chrome|CriOS)/", "Chrome"),
    (r"\bSafari/|\biPhone\b|\biPad\b", "Safari"),  # as an app on the home screen it doesn't name itself
)
_PLACES = (
    (r"\biPhone\b", "iPhone"),
    (r"\biPad\b", "iPad"),
    (r"\bAndroid\b", "Android"),
    (r"\bCrOS\b", "ChromeOS"),
    (r"\bWindows\b", "Windows"),
    (r"\bMac OS X\b", "macOS"),
    (r"\bLinux\b", "Linux"),
)


def label_of(agent: str) -> str:
    """`Firefox on Android`; `a browser` where nothing is known of it."""
    browser = _first(_BROWSERS, agent) or "a browser"
    place = _first(_PLACES, agent)
    return f"{browser} on {place}" if place else browser


def _first(words: tuple[tuple[str, str], ...], agent: str) -> str | None:
    return next((name for pattern, name in words if re.search(pattern, agent)), None)
