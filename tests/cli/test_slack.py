"""Can the Slack app be set up from the command line? Its manifest, as Slack takes it."""

import pytest

from tests.cli.terminal import Terminal


def test_manifest_is_one_for_socket_mode_where_nothing_reaches_the_server(alone: Terminal) -> None:
    run = alone.does("slack", "manifest")
    assert run.json["settings"]["socket_mode_enabled"] is True
    assert run.json["features"]["slash_commands"][0]["command"] == "/incident"
    assert "bot_token and app_token (scope connections:write)" in run.err


def test_manifest_names_the_doors_at_the_address_that_is_given(alone: Terminal) -> None:
    run = alone.does("slack", "manifest", "--url", "https://tocsin.example.com")
    settings = run.json["settings"]
    assert settings["socket_mode_enabled"] is False
    assert settings["interactivity"]["request_url"] == "https://tocsin.example.com/slack/interactions"
    assert "bot_token and signing_secret" in run.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ("--url", "http://tocsin.example.com"),
            "tocsin: --url: must be an https address such as https://tocsin.example.com, got 'http://tocsin.example.com'",
        ),
        *(
            (("--url", url), f"tocsin: --url: must be an https address such as https://tocsin.example.com, got {url!r}")
            for url in ("https://", "https://user:pw@example.com", "https://exa mple", "https://a.example?x=1")
        ),
        (
            ("--url", "https://tocsin.example.com", "--socket"),
            "tocsin: --url: has no meaning with --socket: give one of them",
        ),
    ],
)
def test_wrong_input_earns_one_line(alone: Terminal, arguments: tuple[str, ...], says: str) -> None:
    run = alone("slack", "manifest", *arguments)
    assert (run.status, run.complaint) == (2, says)
