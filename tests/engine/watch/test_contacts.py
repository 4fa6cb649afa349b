"""Is the file of the emergency contacts right? Every fault with its place, before it is needed."""

import stat
from pathlib import Path

import pytest

from tocsin.engine.watch.contacts import Contact, emergency_of
from tocsin.errors import InvalidSop
from tocsin.settings import Settings

GOOD = """
[smtp]
host = "mail.example.org"
sender = "tocsin@example.org"
password = "env:MAIL_PASSWORD"

[[contacts]]
name = "Erin Engel"
phone = "+49 30 1234"
webhook = "https://hooks.example.org/T0/secret"
email = "erin@example.org"
"""


def written(directory: Path, text: str, mode: int = 0o600) -> Settings:
    path = directory / "emergency.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return Settings(database=f"sqlite:///{directory}/tocsin.db")


def faults(directory: Path, text: str) -> list[str]:
    with pytest.raises(InvalidSop) as raised:
        emergency_of(written(directory, text))
    return [fault.removeprefix(f"{directory}/emergency.toml: ") for fault in str(raised.value).splitlines()]


def test_contacts_lie_beside_the_database(tmp_path: Path) -> None:
    found = emergency_of(written(tmp_path, GOOD))
    assert found.contacts == (
        Contact("Erin Engel", "+49 30 1234", "https://hooks.example.org/T0/secret", "erin@example.org"),
    )
    assert found.phones == "Erin Engel +49 30 1234"
    assert found.smtp is not None
    assert (found.smtp.port, found.smtp.starttls) == (25, True)


def test_the_environment_may_name_another_file(tmp_path: Path) -> None:
    written(tmp_path, GOOD)
    environ = {"TOCSIN_EMERGENCY": str(tmp_path / "emergency.toml")}
    assert len(emergency_of(Settings(database="sqlite:////elsewhere/tocsin.db", environ=environ)).contacts) == 1
    environ = {"TOCSIN_EMERGENCY": str(tmp_path / "none.toml")}
    with pytest.raises(InvalidSop, match="there is no such file; TOCSIN_EMERGENCY names it"):
        emergency_of(Settings(database="sqlite:////elsewhere/tocsin.db", environ=environ))


def test_without_a_file_there_is_nobody(tmp_path: Path) -> None:
    assert emergency_of(Settings(database=f"sqlite:///{tmp_path}/tocsin.db")).contacts == ()


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    settings = written(tmp_path, GOOD, mode)
    with pytest.raises(InvalidSop, match=rf"mode {mode:04o} lets others read its addresses; chmod 600 emergency\.toml"):
        emergency_of(settings)
    assert stat.S_IMODE((tmp_path / "emergency.toml").stat().st_mode) == mode


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("contacts = []", "contacts: is empty; name somebody to call, or remove the file"),
        ('[[contacts]]\nname = "E"', "contacts[1]: has neither webhook, email nor phone; give one"),
        ('[[contacts]]\nname = "E"\nphone = 49', "contacts[1].phone: must be a text in quotes, got 49"),
        ('[[contacts]]\nphone = "1"', "contacts[1].name: is missing, must be a text in quotes"),
        (
            '[[contacts]]\nname = "E"\nwebhook = "hooks.example.org/secret"',
            "contacts[1].webhook: must be an http or https address",
        ),
        ('[[contacts]]\nname = "E"\nemail = "e@x.org"', "contacts[1].email: needs [smtp], the server that takes it"),
        (
            '[smtp]\nhost = "m"\nsender = "t"\npassword = "hunter2"',
            "smtp.password: must be the name of a secret, env:NAME or file:/path, never the secret itself",
        ),
        ("contacts = [", "is not TOML: Invalid value (at end of document)"),
    ],
)
def test_fault_is_told_with_its_place_and_what_would_be_right(tmp_path: Path, text: str, fault: str) -> None:
    assert faults(tmp_path, text) == [fault]


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    text = '[[contacts]]\nname = "E"\n[[contacts]]\nname = "F"\nemail = "nobody"\n'
    assert len(faults(tmp_path, text)) == 3
