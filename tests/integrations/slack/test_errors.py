import json

import pytest

from tests.fakes import contract
from tocsin.integrations.slack.errors import HARMLESS, IS_BUSY, IS_PASSING, remedy_for
from tocsin.integrations.slack.outbound import _METHODS

CALLED = sorted({*_METHODS.values(), "conversations.list", "conversations.join", "conversations.history"})


def documented_errors(method: str) -> list[str]:
    """The errors that the published contract lists for a method."""
    paths = json.loads(contract.shared("contracts/slack-web-openapi2-subset.json").read_text())["paths"]
    (operation,) = paths[f"/{method}"].values()
    found: list[str] = operation["responses"]["default"]["schema"]["properties"].get("error", {}).get("enum", [])
    return found


@pytest.mark.parametrize("method", sorted(set(CALLED) - contract.NOT_IN_SNAPSHOT))
def test_every_documented_error_passes_does_no_harm_or_has_a_remedy(method: str) -> None:
    known = IS_BUSY | IS_PASSING | HARMLESS.get(method, frozenset()) | {"name_taken"}
    assert [it for it in documented_errors(method) if it not in known and not remedy_for(it)] == []


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        ("missing_scope", "; add the scope groups:write to the app, and reinstall it"),
        ("token_revoked", "; set a valid bot token ([slack] bot_token)"),
        ("not_in_channel", "; invite the app's bot to the channel"),
        ("is_archived", "; unarchive the channel"),
        ("invalid_blocks", "; this is a fault of Tocsin's: report it"),
        ("an_error_of_tomorrow", ""),
    ],
)
def test_a_refusal_says_what_to_do(error: str, remedy: str) -> None:
    assert remedy_for(error, "groups:write") == remedy


def test_no_app_unarchives_a_channel() -> None:
    by_hand = "; Slack lets no app unarchive a channel: do it by hand, and invite the app again"
    assert remedy_for("not_in_channel", method="conversations.unarchive") == by_hand
    assert remedy_for("token_revoked", method="conversations.unarchive") == remedy_for("token_revoked")
