"""A link is good for one page of one installation, and can't be made without its secret."""

from hypothesis import given
from hypothesis import strategies as st

from tocsin.accounts.page_links import PageLinks

KEY = "INC-2026-0042-5-0"
LINKS = PageLinks("https://tocsin.example.org", "5ec4e7")
texts = st.text(max_size=60)


def test_token_leads_back_to_its_page() -> None:
    assert LINKS.page_of(LINKS.token(KEY)) == KEY
    assert LINKS.acknowledgement(KEY) == f"https://tocsin.example.org/a/{LINKS.token(KEY)}"


def test_token_of_another_page_or_installation_is_worth_nothing() -> None:
    signature = LINKS.token(KEY).rpartition(".")[2]
    assert LINKS.page_of(f"INC-2026-0042-5-1.{signature}") is None
    assert LINKS.page_of(PageLinks(LINKS.public_url, "other").token(KEY)) is None


def test_token_has_letters_that_no_mail_program_cuts_off() -> None:
    assert len(LINKS.token(KEY)) == len(KEY) + 1 + 24
    assert not set(LINKS.token(KEY)) - set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


@given(texts)
def test_nothing_made_up_is_a_token(text: str) -> None:
    assert LINKS.page_of(text) is None
    assert LINKS.page_of(f"{KEY}.{text}") is None
