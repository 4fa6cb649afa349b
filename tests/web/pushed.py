"""A server whose people are paged by push, and a push service of its own that its browsers are subscribed at."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.system.server import Server
from tocsin.simulate.sandbox.server import Sandbox
from tocsin.sop.load import default_text


@contextmanager
def pushed(directory: Path) -> Iterator[tuple[Server, Sandbox]]:
    """The sample organisation, in which everybody is paged by push, and then in the inbox."""
    text = default_text().replace('contact = [{ via = "pagerduty" }', 'contact = [{ via = "push" }')
    sop = directory / "tocsin.toml"
    sop.write_text(text, encoding="utf-8")
    with Sandbox() as sandbox:
        host = sandbox.url.removeprefix("http://")
        with Server(directory, sop=sop, TOCSIN_PUSH_HOSTS=host) as server:
            yield server, sandbox


def browsers_of(server: Server, person: str) -> int:
    """How many browsers ring for the person, as anybody may see."""
    return int(server.get(f"people/{person}")["contact"][0]["browsers"])
