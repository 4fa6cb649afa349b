"""Does a form come from our own page, and does a sign-in lead to one?"""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.accounts.forgery import comes_from_elsewhere, is_token_of, origin_of, own_path, token_for

HERE = "tocsin.example:8770"
texts = st.text(max_size=40)


@given(texts.filter(bool), texts)
def test_only_the_token_of_the_session_is_taken(secret: str, other: str) -> None:
    assert is_token_of(secret, token_for(secret))
    assert is_token_of(secret, other) == (other == token_for(secret))


def test_without_a_session_no_token_is_taken() -> None:
    assert not is_token_of("", token_for(""))


@pytest.mark.parametrize(
    ("origin", "site", "is_foreign"),
    [
        pytest.param(None, None, False, id="a program that says nothing"),
        pytest.param(f"https://{HERE}", "same-origin", False, id="our own page"),
        pytest.param(f"https://{HERE.upper()}", None, False, id="our own page in capitals"),
        pytest.param("https://status.example", None, False, id="the address that people use"),
        pytest.param("https://evil.example", None, True, id="another site"),
        pytest.param("https://evil.example", "cross-site", True, id="another site that says so"),
        pytest.param(f"https://{HERE}", "cross-site", True, id="a browser that contradicts the origin"),
        pytest.param(None, "cross-site", True, id="no origin, from another site"),
        pytest.param(None, "same-site", True, id="a sibling host"),
        pytest.param("null", None, True, id="a sandboxed page"),
        pytest.param(f"https://{HERE}.evil.example", None, True, id="a host that begins as ours"),
        pytest.param(f"https://evil.example/{HERE}", None, True, id="ours in its path"),
        pytest.param(f"https://{HERE}@evil.example", None, True, id="ours as a user name"),
    ],
)
def test_form_of_another_site_is_known(origin: str | None, site: str | None, is_foreign: bool) -> None:
    found = comes_from_elsewhere(host=HERE, origin=origin, site=site, public_url="https://status.example/")
    assert found is is_foreign


@pytest.mark.parametrize(
    "path", ["/", "/incidents", "/incidents/INC-2026-0042?tab=alerts", "/a%0d%0ab", "/search?q=a%20b"]
)
def test_path_of_our_own_is_kept(path: str) -> None:
    assert own_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        None,
        "",
        "incidents",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "/a\r\nSet-Cookie: x=y",
        "https://evil.example",
        "https:/evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        " //evil.example",
        "/ /evil.example",
        "/é",
        "/\x00",
    ],
)
def test_what_leads_elsewhere_leads_home(path: str | None) -> None:
    assert own_path(path) == "/"


@given(st.text(alphabet="/\\.:@?#%aé\t\r\n ", max_size=12))
def test_no_path_leads_to_another_server(text: str) -> None:
    assert urlsplit(urljoin("http://here.example/signin", own_path(text))).netloc == "here.example"


def test_origin_has_no_user_and_no_path() -> None:
    assert origin_of("HTTPS://user@Tocsin.example:8443/x?y") == "https://tocsin.example:8443"
