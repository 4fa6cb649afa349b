"""What is promised to users is written down: every command, setting and error code exists and is documented."""

import re
from pathlib import Path

import pytest

from tocsin.api.problems import UNPROCESSABLE
from tocsin.cli.main import COMMANDS
from tocsin.domain.transitions import RULES
from tocsin.integrations.slack.scopes import HEARING_SCOPES, PRIVATE_SCOPES, SCOPES

ROOT = Path(__file__).parents[1]
# Without the sandbox, whose refusals are the vendors'.
SOURCES = "\n".join(
    path.read_text(encoding="utf-8") for path in sorted((ROOT / "src").rglob("*.py")) if "simulate" not in path.parts
)
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _doc(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_readme(command: str) -> None:
    assert re.search(rf"(tocsin |`){command}\b", README)


# The scripts of the skill have settings of their own, in their --help.
OF_THE_SCRIPTS = {"TOCSIN_ATTEMPTS", "TOCSIN_TIMEOUT", "TOCSIN_RETRY_DELAY", "TOCSIN_RETRY_CAP"}


def test_every_setting_is_documented_and_every_documented_one_exists() -> None:
    used = set(re.findall(r"\bTOCSIN_[A-Z_]+\b", SOURCES)) - OF_THE_SCRIPTS
    documented = set(re.findall(r"\bTOCSIN_[A-Z_]+\b", _doc("configuration.md")))
    assert used == documented


def test_every_refusal_of_the_domain_is_documented() -> None:
    named = set(re.findall(r"Refusal\(\s*\"(\w+)\"", SOURCES)) | set(re.findall(r"Refused\(\s*\"(\w+)\"", SOURCES))
    codes = named | {f"cannot_{rule.verb}" for rule in RULES.values()} | UNPROCESSABLE
    documented = set(re.findall(r"`(\w+)`", _doc("errors.md")))
    assert codes - documented == set()


def test_every_permission_that_slack_is_asked_for_is_explained() -> None:
    table = re.findall(r"^\| (`(?:[a-z]+:|commands`).*?) \| (.+) \|$", _doc("integrations/slack.md"), re.MULTILINE)
    explained = {scope for scopes, _ in table for scope in re.findall(r"`([a-z:]+)`", scopes)}
    assert explained == {*SCOPES, *HEARING_SCOPES, *PRIVATE_SCOPES}


def test_every_local_link_of_the_documents_leads_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
    for page in pages:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_module_of_the_reading_order_exists() -> None:
    for path in re.findall(
        r"`((?:sop|domain|engine|oncall|api|cli|store)/[\w/.]+\.(?:py|toml))`", _doc("architecture.md")
    ):
        assert (ROOT / "src" / "tocsin" / path).exists(), path


def test_every_page_is_documented() -> None:
    modules = sorted((ROOT / "src" / "tocsin" / "web").glob("*.py"))
    source = "".join(it.read_text(encoding="utf-8") for it in modules)
    shown = re.findall(r'page\(node, "([^"]+)", (?:\w+\.)?get_\w+, permission', source)
    paths = {path for path in shown if not path.endswith(("/live", "/flowchart"))}
    strangers = set(re.findall(r'page\(node, "([^"]+)"', source)) - set(shown)  # told where there is something to tell
    columns = re.findall(r"^\| (`/[^|]*) \|", _doc("web.md"), re.MULTILINE)
    documented = set(re.findall(r"`([^`]*)`", " ".join(columns)))
    assert paths == documented - strangers


def test_pictures_of_the_documents_are_small() -> None:
    pictures = sorted((ROOT / "docs" / "images").iterdir())
    assert pictures
    assert [it.name for it in pictures if it.stat().st_size > 120_000] == []
