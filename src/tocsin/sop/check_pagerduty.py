"""Can what `[pagerduty]` asks for be done, and is each of its users one person?"""

from collections.abc import Iterator

from tocsin.sop.finding import Finding, error, warning
from tocsin.sop.model import Sop

STRANGER = "pagerduty"  # who acts in the timeline where nobody knows whose a user of PagerDuty is


def check_pagerduty(sop: Sop) -> Iterator[Finding]:
    """The findings of `[pagerduty]`, and of the users that people are there."""
    rules = sop.pagerduty
    for name in ("notes", "responders"):
        if getattr(rules, name) and rules.from_email is None:
            problem = "can't be made in nobody's name"
            yield warning(f"pagerduty.{name}", problem, "add from_email, the address of a user of PagerDuty")
    for severity, priority in rules.priorities.items():
        if list(rules.priorities.values()).count(priority) > 1:
            place = f"pagerduty.priorities.{severity}"
            yield error(place, f'"{priority}" means several severities', "give each severity a priority of its own")
    for role, name in rules.roles.items():
        if list(rules.roles.values()).count(name) > 1:
            yield error(f"pagerduty.roles.{role}", f'"{name}" means several roles', "give each role a name of its own")
    if STRANGER in sop.people:
        problem = f'"{STRANGER}" is who acts for users of PagerDuty whom nobody here is known to be'
        yield error(f"people.{STRANGER}", problem, "choose another id")
    users = {id_: person.pagerduty_user for id_, person in sop.people.items() if person.pagerduty_user}
    for id_, user in users.items():
        others = [other for other, theirs in users.items() if theirs == user and other != id_]
        if others:
            problem = f'"{user}" is {others[0]}\'s as well, so nobody could tell whose deed it was'
            yield error(f"people.{id_}.pagerduty_user", problem, "give each person their own")
