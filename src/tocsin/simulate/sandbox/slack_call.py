"""Is this a call that Slack would look at? Method, token, content type and arguments, before any method sees them.

Sources: docs.slack.dev/apis/web-api and the "Errors" of docs.slack.dev/reference/methods, read for this file alone.
Stricter than Slack in one thing: an argument that a method doesn't have is refused, not passed over.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol, TypeVar
from urllib.parse import parse_qsl

from msgspec import Struct

from tocsin.simulate.sandbox.recording import RecordedRequest

_FORM = "application/x-www-form-urlencoded"
_CHARSETS = ("", "charset=utf-8", "charset=iso-8859-1")

Arguments = Mapping[str, str]
W = TypeVar("W", contravariant=True)


class Method(Protocol[W]):
    """What a method does: its answer beside `ok`; Refusal where it says no."""

    def __call__(self, slack: W, arguments: Arguments, at: datetime, /) -> dict[str, object]:
        """Change the workspace, and answer."""


class Refusal(Exception):
    """Slack says `"ok": false`: with this error, and perhaps more."""

    def __init__(self, error: str, **more: object) -> None:
        super().__init__(error)
        self.answer: dict[str, object] = {"ok": False, "error": error, **more}


class Parameters(Struct, frozen=True):
    """Which arguments a method has, and of which type; a read may be asked for with GET."""

    required: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    booleans: tuple[str, ...] = ()
    integers: tuple[str, ...] = ()
    is_read: bool = False


_MESSAGE = Parameters(
    required=("channel",),
    texts=("text", "blocks", "parse", "metadata"),
    booleans=("link_names", "mrkdwn", "unfurl_links", "unfurl_media"),
)
_WITHIN = ("cursor", "oldest", "latest")
METHODS = {
    "apps.connections.open": Parameters(),
    "auth.test": Parameters(is_read=True),
    "bookmarks.add": Parameters(required=("channel_id", "title", "type"), texts=("link", "emoji")),
    "bookmarks.list": Parameters(required=("channel_id",)),
    "chat.getPermalink": Parameters(required=("channel", "message_ts"), is_read=True),
    "chat.postEphemeral": Parameters(
        required=("channel", "user"), texts=("text", "blocks", "parse"), booleans=("link_names",)
    ),
    "chat.postMessage": _MESSAGE,
    "chat.update": Parameters(required=("channel", "ts"), texts=("text", "blocks", "parse", "link_names")),
    "conversations.archive": Parameters(required=("channel",)),
    "conversations.history": Parameters(
        required=("channel",),
        texts=_WITHIN,
        booleans=("inclusive", "include_all_metadata"),
        integers=("limit",),
        is_read=True,
    ),
    "conversations.info": Parameters(required=("channel",), is_read=True),
    "conversations.open": Parameters(texts=("users", "channel"), booleans=("return_im",)),
    "conversations.unarchive": Parameters(required=("channel",)),
    "conversations.create": Parameters(texts=("name",), booleans=("is_private",)),
    "conversations.invite": Parameters(required=("channel", "users")),
    "conversations.join": Parameters(required=("channel",)),
    "conversations.list": Parameters(
        texts=("cursor", "types"), booleans=("exclude_archived",), integers=("limit",), is_read=True
    ),
    "conversations.replies": Parameters(
        required=("channel", "ts"), texts=_WITHIN, booleans=("inclusive",), integers=("limit",), is_read=True
    ),
    "conversations.setTopic": Parameters(required=("channel", "topic")),
    "pins.add": Parameters(required=("channel", "timestamp")),
    "views.open": Parameters(required=("trigger_id", "view")),
    "views.update": Parameters(required=("view",), texts=("view_id", "external_id", "hash")),
}


def arguments_of(request: RecordedRequest, method: str) -> Arguments:
    """The call's arguments, each of its documented type; Refusal for a call that Slack would send back."""
    if method not in METHODS:
        raise Refusal("unknown_method", req_method=method)
    parameters = METHODS[method]
    _check_token(request, method)
    if request.method != "POST" and not (request.method == "GET" and parameters.is_read):
        raise Refusal("invalid_post_type")
    arguments = _decoded(request.query.encode()) if request.method == "GET" else _form(request)
    _check_types(arguments, parameters)
    return arguments


def _check_token(request: RecordedRequest, method: str) -> None:
    given = request.headers.get("authorization", "")
    if not given:
        raise Refusal("not_authed")
    scheme, _, token = given.partition(" ")
    if scheme.lower() != "bearer" or not token.startswith(("xoxb-", "xoxp-", "xapp-")):
        raise Refusal("invalid_auth")
    # Socket Mode takes the app's own token, and nothing else does.
    if token.startswith("xapp-") != (method == "apps.connections.open"):
        raise Refusal("not_allowed_token_type")


def _form(request: RecordedRequest) -> Arguments:
    content_type, _, parameter = request.headers.get("content-type", "").partition(";")
    if not content_type:
        raise Refusal("missing_post_type")
    if content_type.strip() != _FORM:
        raise Refusal("invalid_post_type")
    if parameter.strip().lower() not in _CHARSETS:
        raise Refusal("invalid_charset")
    return _decoded(request.body)


def _decoded(form: bytes) -> Arguments:
    if not form:
        return {}
    try:
        pairs = parse_qsl(form.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict")
    except ValueError:  # a byte that should have been escaped, no UTF-8 behind the escapes, a field without =
        raise Refusal("invalid_form_data") from None
    return dict(pairs)


def _check_types(arguments: Arguments, parameters: Parameters) -> None:
    known = {*parameters.required, *parameters.texts, *parameters.booleans, *parameters.integers}
    faults = [f"[ERROR] missing required field: {name}" for name in parameters.required if not arguments.get(name)]
    faults += [f"[ERROR] no such argument: {name}" for name in arguments if name not in known]
    for name in parameters.booleans:
        if arguments.get(name, "true") not in ("true", "false", "1", "0"):
            faults.append(f"[ERROR] must be a boolean: {name}")
    for name in parameters.integers:
        if not arguments.get(name, "0").isdecimal():
            faults.append(f"[ERROR] must be a number: {name}")
    if faults:
        raise Refusal("invalid_arguments", response_metadata={"messages": faults})
