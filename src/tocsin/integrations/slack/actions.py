"""What can be pressed in Slack? The ids of buttons and dialogs; each button's value is the incident's id."""

from enum import StrEnum


class Action(StrEnum):
    """The `action_id` of a button: a command that needs no more than a press, or the dialog that asks for more."""

    ACKNOWLEDGE = "tocsin.acknowledge"
    MITIGATE = "tocsin.mitigate"
    RESOLVE = "tocsin.resolve"
    DECLARE = "tocsin.declare"  # opens a dialog, as those below
    ASSESS = "tocsin.assess"
    ROLE = "tocsin.role"
    UPDATE = "tocsin.update"
    NOTE = "tocsin.note"
    PAGE = "tocsin.page"
    OPEN = "tocsin.open"  # leads to the incident's page: nothing is to be done about the press
