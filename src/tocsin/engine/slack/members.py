"""Who acts when a member of Slack's does? The person whom the SOP links to them, within the rights of their account."""

from tocsin.accounts.permissions import Permission
from tocsin.accounts.principal import may
from tocsin.engine.desk import Actor
from tocsin.engine.gate import Gate
from tocsin.errors import InvalidInput
from tocsin.integrations.slack.inbound.heard import Origin
from tocsin.sop.model import Sop
from tocsin.store.open import Store


class MayNotAct(InvalidInput):
    """Somebody who is not linked to a person, or whose account doesn't allow it."""

    code = "may_not_act"


class Members:
    """The members of the workspace, as far as the SOP knows them."""

    def __init__(self, sop: Sop, store: Store, gate: Gate) -> None:
        self._store = store
        self._gate = gate
        self.people = {person.slack_user: id_ for id_, person in sop.people.items() if person.slack_user}
        self.names = {person.slack_user: person.name for person in sop.people.values() if person.slack_user}

    async def actor(self, origin: Origin, permission: Permission = Permission.RESPOND) -> Actor:
        """Who acts; raises MayNotAct with the way out.

        Who has no account acts by the SOP's word alone, as on the phone; who has one, within its role, and not at all
        once it is disabled.
        """
        person = self.people.get(origin.user)
        if person is None:
            raise MayNotAct(
                f"your Slack account ({origin.user[:30]}) is linked to nobody: have somebody write "
                f'`slack_user = "{origin.user[:30]}"` beside your name in the SOP file'
            )
        accounts = await self._store.read(lambda queries: queries.accounts.accounts_of_person(person))
        if not accounts:
            return Actor(person, "slack", key=f"slack:{origin.user}")
        able = [it for it in accounts if it.disabled_at is None]
        for account in able:
            principal = self._gate.principal_of(account)
            if may(principal, permission):
                return Actor(person, "slack", key=principal.key)
        if able:
            raise MayNotAct(f"your account may look, but lacks the permission {permission}: ask an admin for it")
        raise MayNotAct("your account is disabled: ask an admin to let you in again")
