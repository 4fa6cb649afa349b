"""Whose deed is it? PagerDuty's users and the people of the SOP: by the id that the SOP names, else by e-mail address.

A name proves nothing, and is never compared.
"""

from collections.abc import Iterable, Mapping

from tocsin.integrations.pagerduty.rest import User
from tocsin.integrations.pagerduty.words import Agent
from tocsin.sop.model import Person


class Staff:
    """The people of the SOP, by PagerDuty's id of their user; addresses are learnt from the REST API."""

    def __init__(self, people: Mapping[str, Person]) -> None:
        self._named = {person.pagerduty_user: id_ for id_, person in people.items() if person.pagerduty_user}
        addresses = [person.email.lower() for person in people.values() if person.email]
        self._by_address = {
            person.email.lower(): id_
            for id_, person in people.items()
            if person.email and addresses.count(person.email.lower()) == 1
        }
        self._learnt: dict[str, str] = {}
        self.has_addresses = bool(self._by_address)
        self.is_wanting = self.has_addresses  # somebody's user is not known: ask for all of them again

    def learn(self, users: Iterable[User]) -> None:
        """These are all users of PagerDuty."""
        known = ((user.id, self._by_address.get(user.email.lower())) for user in users)
        self._learnt = {id_: person for id_, person in known if person is not None}
        self.is_wanting = False

    def person(self, agent: Agent) -> str | None:
        """Who of the SOP it is; None where nobody is known by it."""
        if not agent.is_person:
            return None
        person = self._named.get(agent.id) or self._learnt.get(agent.id)
        self.is_wanting = self.is_wanting or (person is None and self.has_addresses)
        return person
