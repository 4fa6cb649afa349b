"""What does a form say? Its fields, read within limits; the classifier's answers, and what the sender had seen."""

import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request

from tocsin.accounts.principal import Principal
from tocsin.api.bounds.reading import read_body
from tocsin.domain import forms
from tocsin.engine.desk import Actor
from tocsin.engine.once import key_of
from tocsin.errors import InvalidInput

MAX_FORM = 1024 * 1024  # bytes: a postmortem
STRANGERS_FORM = 8 * 1024  # bytes: an address, a password, a name, and where to go on
_MAX_FIELDS = 1_100  # a postmortem with all the action items that it may have
_OURS = frozenset({"seen", "show", "csrf", "once"})  # what every form sends, beside what it is for


async def read_form(request: Request) -> dict[str, str]:
    """The fields of the form, the last where one comes twice; raises InvalidInput for what is no form.

    It is read once, however often it is asked for: the guard looks for its token first.
    """
    if not hasattr(request.state, "form"):
        request.state.form = await _read(request)
    form: dict[str, str] = request.state.form
    return form


async def _read(request: Request) -> dict[str, str]:
    body = await read_body(request, getattr(request.state, "most_form", MAX_FORM))
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MAX_FIELDS, errors="strict"))
    except ValueError as error:
        raise InvalidInput(f"form: must be URL-encoded UTF-8 of at most {_MAX_FIELDS} fields: {error}") from error


def new_key() -> str:
    """What makes a form that is sent twice the same form: it is done once."""
    return secrets.token_urlsafe(12)


def key_in(form: Mapping[str, str]) -> str:
    """The form's key; empty where it has none."""
    return key_of(form.get("once", ""))


def address_of(request: Request) -> str:
    """Where the request came from."""
    return request.client.host if request.client else ""


def actor_of(request: Request, form: Mapping[str, str] | None = None) -> Actor:
    """Who acts, and up to which event they had seen, where a form says so."""
    seen = form.get("seen", "") if form else ""
    principal: Principal = request.state.principal
    return Actor(
        principal.actor,
        "web",
        seen=int(seen) if seen.isascii() and seen.isdecimal() else None,
        key=principal.key,
        address=address_of(request),
    )


def fields_of(form: Mapping[str, str]) -> dict[str, Any]:
    """What the form is for: its own fields, with the answers together where the severity is left to them."""
    return forms.fields_of({name: value for name, value in form.items() if name not in _OURS})
