"""Would Slack make the app that Tocsin needs? Every method has its scope, every event is wanted, limits hold.

Sources, read for this file alone: docs.slack.dev/reference/methods/<method> and …/reference/events/<event>, "Scopes" of
bot tokens, and …/reference/app-manifest.
"""

import re
from pathlib import Path
from typing import Any

import pytest

import tocsin
from tocsin.integrations.slack.actions import Action
from tocsin.integrations.slack.inbound.payloads import EVENTS as HEARD
from tocsin.integrations.slack.manifest import EVENTS, TO_TIMELINE, Wanted, manifest, scopes
from tocsin.integrations.slack.scopes import HEARING_SCOPES, PRIVATE_SCOPES, SCOPES

_SOURCES = Path(tocsin.__file__).parent
_METHOD = re.compile(r'"((?:apps|auth|bookmarks|chat|conversations|pins|reactions|users|views)(?:\.[a-z][A-Za-z]+)+)"')
# What a bot's token must have been granted for each method; where several lines stand, one for each kind of channel.
_NEEDED = {
    "apps.connections.open": (),  # by the app's own token, with connections:write
    "auth.test": (),
    "bookmarks.add": ("bookmarks:write",),
    "bookmarks.list": ("bookmarks:read",),
    "chat.getPermalink": (),
    "chat.postEphemeral": ("chat:write",),
    "chat.postMessage": ("chat:write",),
    "chat.update": ("chat:write",),
    "conversations.archive": ("channels:manage", "groups:write"),
    "conversations.create": ("channels:manage", "groups:write"),
    "conversations.history": ("channels:history", "groups:history", "im:history"),
    "conversations.info": ("channels:read", "groups:read"),
    "conversations.invite": ("channels:manage", "groups:write"),
    "conversations.join": ("channels:join",),
    "conversations.list": ("channels:read", "groups:read"),
    "conversations.open": ("im:write",),
    "conversations.replies": ("channels:history", "groups:history"),
    "conversations.setTopic": ("channels:manage", "groups:write"),
    "conversations.unarchive": ("channels:manage", "groups:write"),
    "pins.add": ("pins:write",),
    "views.open": (),
    "views.update": (),
}
OVER_HTTP = manifest(Wanted(url="https://tocsin.example.com/"))
BY_SOCKET = manifest(Wanted())


def part(made: Any, *path: str) -> Any:
    for name in path:
        made = made[name]
    return made


def methods() -> dict[str, str]:
    """Every method that is named in the code that speaks with Slack, and where."""
    rooms = ("integrations/slack", "engine", "domain")
    files = [path for room in rooms for path in (_SOURCES / room).rglob("*.py") if path.name != "manifest.py"]
    return {method: path.name for path in files for method in _METHOD.findall(path.read_text(encoding="utf-8"))}


def test_every_method_that_is_called_has_its_scopes() -> None:
    granted = set(scopes(Wanted(is_private=True)))
    called = methods()
    assert "chat.postMessage" in called
    assert called.keys() - _NEEDED.keys() == set(), "say what scopes they need"
    missing = {method: set(_NEEDED[method]) - granted for method in called}
    assert {method: scope for method, scope in missing.items() if scope} == {}


def test_no_scope_is_asked_for_that_nothing_needs() -> None:
    needed = {scope for method in methods() for scope in _NEEDED[method]} | set(EVENTS.values())
    assert {*SCOPES, *PRIVATE_SCOPES, *HEARING_SCOPES} - needed - {"commands"} == set()


def test_every_scope_says_what_it_is_for() -> None:
    assert all({**SCOPES, **PRIVATE_SCOPES, **HEARING_SCOPES}.values())


def test_without_private_channels_nothing_of_them_is_asked_for() -> None:
    made = manifest(Wanted(is_private=False))
    assert not [it for it in part(made, "oauth_config", "scopes", "bot") if it.startswith("groups:")]
    assert "group_archive" not in part(made, "settings", "event_subscriptions", "bot_events")


def test_every_event_that_is_understood_is_asked_for_and_has_its_scope() -> None:
    assert set(part(BY_SOCKET, "settings", "event_subscriptions", "bot_events")) == set(HEARD) == EVENTS.keys()
    assert {scope for scope in EVENTS.values() if scope} <= set(scopes(Wanted()))


def test_over_http_every_door_is_named_and_by_socket_none() -> None:
    assert addresses(OVER_HTTP) == {
        "https://tocsin.example.com/slack/commands",
        "https://tocsin.example.com/slack/events",
        "https://tocsin.example.com/slack/interactions",
    }
    assert part(OVER_HTTP, "settings", "socket_mode_enabled") is False
    assert addresses(BY_SOCKET) == set()
    assert part(BY_SOCKET, "settings", "socket_mode_enabled") is True


def addresses(made: object) -> set[str]:
    if isinstance(made, dict):
        return {found for value in made.values() for found in addresses(value)}
    if isinstance(made, list):
        return {found for value in made for found in addresses(value)}
    return {made} if isinstance(made, str) and made.startswith("https://") else set()


def test_the_command_comes_with_members_as_ids() -> None:
    (command,) = part(OVER_HTTP, "features", "slash_commands")
    assert (command["command"], command["should_escape"]) == ("/incident", True)


def test_the_shortcuts_are_those_that_are_understood() -> None:
    found = {it["callback_id"]: it["type"] for it in part(BY_SOCKET, "features", "shortcuts")}
    assert found == {Action.DECLARE: "global", TO_TIMELINE: "message"}


@pytest.mark.parametrize(
    ("path", "most"),
    [
        (("display_information", "name"), 35),
        (("display_information", "description"), 140),
        (("features", "bot_user", "display_name"), 80),
    ],
)
def test_texts_are_within_their_limits(path: tuple[str, ...], most: int) -> None:
    assert 1 <= len(part(OVER_HTTP, *path)) <= most


def test_commands_and_shortcuts_are_within_their_limits() -> None:
    for command in part(OVER_HTTP, "features", "slash_commands"):
        assert len(command["command"]) <= 32
        assert len(command["description"]) <= 2_000
        assert len(command["usage_hint"]) <= 1_000
    for shortcut in part(OVER_HTTP, "features", "shortcuts"):
        assert len(shortcut["name"]) <= 24
        assert len(shortcut["callback_id"]) <= 255
        assert len(shortcut["description"]) <= 150
