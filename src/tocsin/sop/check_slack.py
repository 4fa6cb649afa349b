"""Can what `[slack]` names be found there, and is each of its members one person?

Source: docs.slack.dev/reference/objects/conversation-object and …/user-object (ids).
"""

import re
from collections.abc import Iterator

from tocsin.sop.finding import Finding, error, warning
from tocsin.sop.model import Sop

SLACK = "slack"  # who acts in the timeline for what happens there by nobody's deed
_MEMBER = re.compile(r"[UW][A-Z0-9]{2,}")
_CHANNEL = re.compile(r"[CG][A-Z0-9]{2,}")


def check_slack(sop: Sop) -> Iterator[Finding]:
    """The findings of `[slack]`, and of the members that people are there."""
    rules = sop.slack
    for named, other in (("team", "app"), ("app", "team")):
        if getattr(rules, named) and not getattr(rules, other):
            yield warning(f"slack.{named}", f"does nothing without {other}", f"name {other} too: both let Slack in")
    channel = rules.stakeholders_channel
    if channel is not None and not _CHANNEL.fullmatch(channel):
        problem = f"{channel!r} is no channel's id"
        yield warning("slack.stakeholders_channel", problem, "copy it from the channel's details in Slack: C0123456789")
    if SLACK in sop.people:
        yield error(f"people.{SLACK}", f'"{SLACK}" is who acts for what happens in Slack', "choose another id")
    holders: dict[str, list[str]] = {}
    for id_, person in sop.people.items():
        if person.slack_user is not None:
            holders.setdefault(person.slack_user, []).append(id_)
    for id_, person in sop.people.items():
        if person.slack_user is not None:
            yield from _check_member(id_, person.slack_user, holders[person.slack_user])


def _check_member(id_: str, member: str, holders: list[str]) -> Iterator[Finding]:
    where = f"people.{id_}.slack_user"
    if not _MEMBER.fullmatch(member):
        problem = f"{member!r} is no member's id"
        yield warning(where, problem, "copy it from the person's profile in Slack: U0123456789")
        return
    other = next((holder for holder in holders if holder != id_), None)
    if other is not None:
        problem = f'"{member}" is {other}\'s as well, so nobody could tell whose deed it was'
        yield error(where, problem, "give each person their own")
