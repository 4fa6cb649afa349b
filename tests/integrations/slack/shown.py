"""What does a message show? The texts and buttons of its blocks, in their order."""

import json
from typing import Any

from tocsin.integrations.slack.actions import Action
from tocsin.simulate.sandbox.slack_blocks import Shown, shown_by


def shown(arguments: dict[str, str]) -> Shown:
    """What the sandbox sees of it, which refuses what Slack would."""
    return shown_by(arguments)


def texts_of(arguments: dict[str, str]) -> list[str]:
    return list(shown(arguments).texts)


def kinds_of(arguments: dict[str, str]) -> list[str]:
    blocks: list[dict[str, Any]] = json.loads(arguments["blocks"])
    return [block["type"] for block in blocks]


def pressed(arguments: dict[str, str]) -> list[Action]:
    """What can be pressed, the way to Tocsin left out."""
    return [Action(it.action) for it in shown(arguments).buttons if it.action != Action.OPEN]
