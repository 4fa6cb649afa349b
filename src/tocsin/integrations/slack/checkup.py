"""Is Slack set up as it must be? The token, what it may do, and the stakeholders' channel; no I/O.

Sources: docs.slack.dev/reference/methods/auth.test and conversations.info; docs.slack.dev/authentication/oauth-scopes
("x-oauth-scopes").
"""

from collections.abc import Mapping
from functools import partial

from msgspec import Struct

from tocsin.domain.text import clean_line
from tocsin.integrations.checkup import Checkup, Finding, Probe, broken, unused, well
from tocsin.integrations.slack.account import SlackAccount
from tocsin.integrations.slack.errors import remedy_for
from tocsin.integrations.slack.scopes import HEARING_SCOPES, PRIVATE_SCOPES, SCOPES
from tocsin.integrations.wire import Reply, json_in
from tocsin.sop.model import Slack

TOKEN, PERMISSIONS, STAKEHOLDERS = "Slack", "Slack: permissions", "Slack: stakeholders' channel"
HEARING = "Slack: what people do there"


class _Who(Struct, frozen=True):
    ok: bool
    error: str = ""
    team: str = ""
    team_id: str = ""
    user: str = ""


class _Channel(Struct, frozen=True):
    name: str = ""
    is_member: bool = False
    is_archived: bool = False


class _Info(Struct, frozen=True):
    ok: bool
    error: str = ""
    needed: str = ""
    channel: _Channel = _Channel()


def checkup(account: SlackAccount | None, rules: Slack) -> Checkup:
    """What there is to look at; `account` is None where no token is set."""
    if account is None:
        told = f"no bot token is set ({rules.bot_token})"
        return (unused(TOKEN, told, "set one, and incidents get channels: see docs/integrations/slack.md"),)
    return (Probe(TOKEN, account.get("auth.test", {}), partial(_judge_token, account, rules)),)


def _judge_token(account: SlackAccount, rules: Slack, reply: Reply) -> Checkup:
    who = json_in(reply, _Who)
    if who is None or not who.ok:
        return (_refused(TOKEN, reply, who.error if who else ""),)
    found = well(TOKEN, clean_line(f"speaks as {who.user} in {who.team}"))
    hearing = _hearing(account, rules, who)
    return (found, _scopes(reply.headers, account, rules), hearing, *_stakeholders(account, rules))


def _hearing(account: SlackAccount, rules: Slack, who: _Who) -> Finding:
    """Whether `/incident`, buttons and pinned messages come to Tocsin: `team` is compared with whose token it is."""
    if not account.is_interactive:
        remedy = "name [slack] team and app, and set what signing_secret or app_token names: docs/integrations/slack.md"
        return unused(HEARING, "is not heard: links stand in place of the buttons", remedy)
    if rules.team != who.team_id:
        told = clean_line(f"the token is of the workspace {who.team_id}, and [slack] team names {rules.team}")
        return broken(HEARING, told, "name the workspace that the app is installed in")
    return well(HEARING, "is heard")


def _scopes(headers: Mapping[str, str], account: SlackAccount, rules: Slack) -> Finding:
    granted = {scope.strip() for scope in headers.get("x-oauth-scopes", "").split(",")}
    needed = SCOPES | (PRIVATE_SCOPES if rules.private_channel else {})
    needed |= HEARING_SCOPES if account.is_interactive else {}
    missing = [scope for scope in needed if scope not in granted]
    if not missing:
        return well(PERMISSIONS, f"{len(needed)} scopes are granted, as needed")
    told = "; ".join(f"{scope} is missing ({needed[scope]})" for scope in missing)
    return broken(PERMISSIONS, told, f"add {', '.join(missing)} to the app's bot token scopes, and reinstall the app")


def _stakeholders(account: SlackAccount, rules: Slack) -> Checkup:
    if rules.stakeholders_channel is None:
        return (unused(STAKEHOLDERS, "none is told", "name its id in [slack] stakeholders_channel"),)
    request = account.get("conversations.info", {"channel": rules.stakeholders_channel})
    return (Probe(STAKEHOLDERS, request, _judge_channel),)


def _judge_channel(reply: Reply) -> Checkup:
    info = json_in(reply, _Info)
    if info is None or not info.ok:
        return (_refused(STAKEHOLDERS, reply, info.error if info else "", info.needed if info else ""),)
    name = clean_line(f"#{info.channel.name}")
    if info.channel.is_archived:
        return (broken(STAKEHOLDERS, f"{name} is archived", "unarchive it, or name another in the SOP file"),)
    if not info.channel.is_member:
        return (broken(STAKEHOLDERS, f"the app is not in {name}", "write `/invite @Tocsin` in it"),)
    return (well(STAKEHOLDERS, name),)


def _refused(what: str, reply: Reply, error: str, needed: str = "") -> Finding:
    if not error:
        told = f"HTTP {reply.status}, without Slack's words"
        return broken(what, told, "check the address, and the proxies and firewalls on the way")
    remedy = remedy_for(error, needed).removeprefix("; ")
    return broken(what, clean_line(error, 80), remedy or "see docs.slack.dev for this error")
