"""Would Slack open this dialog? Its views as documented, and the triggers that open them.

Sources: docs.slack.dev/reference/methods/views.open, …/views.update, …/reference/views/modal-views and
…/reference/block-kit, read for this file alone.
"""

import json
from collections.abc import Mapping

from msgspec import Struct

from tocsin.simulate.sandbox.slack_call import Arguments, Refusal

JsonObject = dict[str, object]

_INPUTS = ("plain_text_input", "static_select", "users_select")
_LIMITS = {"title": 24, "submit": 24, "close": 24, "label": 2_000, "hint": 2_000, "option": 75}


class SlackView(Struct, frozen=True):
    """A dialog on somebody's screen: `blocks` as they were sent, `updates` counts what has replaced them."""

    id: str
    callback_id: str
    metadata: str
    title: str
    blocks: tuple[JsonObject, ...]
    updates: int = 0

    @property
    def hash(self) -> str:
        """What tells this state of it from others."""
        return f"{self.updates}.{self.id}"

    @property
    def fields(self) -> dict[str, JsonObject]:
        """The elements of its inputs, by their blocks' ids."""
        return {
            str(block["block_id"]): element
            for block in self.blocks
            if block["type"] == "input" and isinstance(element := block["element"], dict)
        }

    @property
    def words(self) -> str:
        """Everything that it shows as one text."""
        return json.dumps(self.blocks, ensure_ascii=False)


class Dialogs:
    """The dialogs of a workspace: `views` by id, the newest last; a trigger opens one, and no second one."""

    def __init__(self) -> None:
        self.views: dict[str, SlackView] = {}
        self._triggers: dict[str, str] = {}  # by the trigger, the dialog that it has opened; "" none yet
        self._count = 0

    def new_trigger(self) -> str:
        """A trigger, as comes with everything that a member does."""
        self._count += 1
        trigger = f"{self._count:013}.{self._count:013}.{self._count:032x}"
        self._triggers[trigger] = ""
        return trigger

    def expire(self, trigger: str) -> None:
        """Three seconds have passed."""
        del self._triggers[trigger]

    def opened_by(self, trigger: str) -> SlackView | None:
        """The dialog that the trigger has opened, as it stands now."""
        return self.views.get(self._triggers.get(trigger, ""))

    def open(self, arguments: Arguments) -> JsonObject:
        """views.open."""
        trigger = arguments["trigger_id"]
        if trigger not in self._triggers:
            raise Refusal("expired_trigger_id")
        if self._triggers[trigger]:
            raise Refusal("exchanged_trigger_id")
        view = view_of(_object(arguments["view"]), f"V{len(self.views) + 1:09}")
        self._triggers[trigger] = view.id
        self.views[view.id] = view
        return {"view": _shown(view)}

    def update(self, arguments: Arguments) -> JsonObject:
        """views.update."""
        known = self.views.get(arguments.get("view_id", ""))
        if known is None:
            raise Refusal("not_found")
        if arguments.get("hash", known.hash) != known.hash:
            raise Refusal("hash_conflict")
        changed = view_of(_object(arguments["view"]), known.id, known.updates + 1)
        self.views[known.id] = changed
        return {"view": _shown(changed)}


def view_of(view: JsonObject, id_: str, updates: int = 0) -> SlackView:
    """The view, if it is as documented; Refusal with every fault."""
    blocks = view.get("blocks")
    faults = [f"{name}: {fault}" for name in ("title", "submit", "close") if (fault := _text_fault(view, name))]
    if view.get("type") != "modal" or "title" not in view:
        faults.append("must be a modal with a title")
    if not isinstance(blocks, list) or not 1 <= len(blocks) <= 100 or not all(isinstance(it, dict) for it in blocks):
        raise Refusal("invalid_arguments", response_metadata={"messages": [*faults, "blocks: must be 1 to 100"]})
    metadata = view.get("private_metadata", "")
    if not isinstance(metadata, str) or len(metadata) > 3_000:
        faults.append("private_metadata: must be at most 3000 characters")
    ids = [str(it["block_id"]) for it in blocks if "block_id" in it]
    if len(set(ids)) != len(ids):
        faults.append("block_id: must be unique")
    if any(it.get("type") == "input" for it in blocks) and "submit" not in view:
        faults.append("submit: is required where there are inputs")
    faults += [fault for it in blocks for fault in _block_faults(it)]
    if faults:
        raise Refusal("invalid_arguments", response_metadata={"messages": faults})
    title = view["title"]
    shown = str(title["text"]) if isinstance(title, dict) else ""
    return SlackView(id_, str(view.get("callback_id", "")), str(metadata), shown, tuple(blocks), updates)


def _block_faults(block: JsonObject) -> list[str]:
    match block.get("type"):
        case "input":
            return _input_faults(block)
        case "section":
            return _mrkdwn_faults(block.get("text"))
        case "context":
            elements = block.get("elements")
            if not isinstance(elements, list) or not 1 <= len(elements) <= 10:
                return ["context: must have 1 to 10 elements"]
            return [fault for it in elements for fault in _mrkdwn_faults(it)]
    return [f"type: {block.get('type')!r} is none that this Slack knows"]


def _input_faults(block: JsonObject) -> list[str]:
    element = block.get("element")
    faults = [f"{name}: {fault}" for name in ("label", "hint") if (fault := _text_fault(block, name))]
    if "label" not in block or not isinstance(element, dict) or element.get("type") not in _INPUTS:
        return [*faults, "input: must have a label and an element"]
    if element["type"] != "static_select":
        return faults
    options = element.get("options")
    if not isinstance(options, list) or not 1 <= len(options) <= 100:
        return [*faults, "static_select: must have 1 to 100 options"]
    faults += ["option: must be 1 to 75 characters" for it in options if _too_long(it, "text", _LIMITS["option"])]
    values = [it.get("value") for it in options]
    if any(not isinstance(it, str) or not 1 <= len(it) <= 150 for it in values) or len(set(values)) != len(values):
        faults.append("option: must each have a value of its own")
    if "initial_option" in element and element["initial_option"] not in options:
        faults.append("initial_option: must be one of the options")
    return faults


def _mrkdwn_faults(text: object) -> list[str]:
    is_text = isinstance(text, dict) and text.get("type") in ("mrkdwn", "plain_text")
    words = text.get("text") if isinstance(text, dict) else None
    return [] if is_text and isinstance(words, str) and 1 <= len(words) <= 3_000 else ["text: must be 1 to 3000 long"]


def _text_fault(holder: Mapping[str, object], name: str) -> str:
    if name not in holder:
        return ""
    return f"must be plain text of 1 to {_LIMITS[name]} characters" if _too_long(holder, name, _LIMITS[name]) else ""


def _too_long(holder: Mapping[str, object], name: str, limit: int) -> bool:
    text = holder.get(name)
    words = text.get("text") if isinstance(text, dict) and text.get("type") == "plain_text" else None
    return not isinstance(words, str) or not 1 <= len(words) <= limit


def _object(text: str) -> JsonObject:
    try:
        view = json.loads(text)
    except ValueError:
        raise Refusal("invalid_arguments") from None
    if not isinstance(view, dict):
        raise Refusal("invalid_arguments")
    return view


def _shown(view: SlackView) -> JsonObject:
    return {"id": view.id, "type": "modal", "callback_id": view.callback_id, "hash": view.hash}
