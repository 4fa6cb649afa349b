"""Where do a database's files lie on this machine? Beside a SQLite file, else in the data directory."""

from pathlib import Path

import pytest

from tocsin.errors import InvalidInput
from tocsin.settings import Settings, settings_from

AT = "postgresql://tocsin:secret@db-1:5432,db-2:5433,[::1]:5434/tocsin?target_session_attrs=read-write"


def beside(database: str) -> Path:
    return Settings(database, environ={"HOME": "/home/alice"}).beside


def test_files_of_a_sqlite_database_lie_beside_it() -> None:
    assert beside("sqlite:////var/lib/on%20call.db") == Path("/var/lib/on call.db")


def test_files_of_a_cluster_lie_in_the_data_directory() -> None:
    assert beside(AT).parent == Path("/home/alice/.local/share/tocsin")


@pytest.mark.parametrize(
    ("other", "is_same"),
    [
        pytest.param(AT.replace("secret", "changed"), True, id="another password"),
        pytest.param(AT.replace("db-2:5433", "db-2:5432"), False, id="another port"),
        pytest.param(AT.replace("/tocsin?", "/other?"), False, id="another database"),
    ],
)
def test_each_database_has_its_own_files_whatever_the_password(other: str, is_same: bool) -> None:
    assert (beside(other) == beside(AT)) is is_same


@pytest.mark.parametrize("database", ["postgresql://tocsin:a[b@pg/tocsin", "postgresql://[::1/tocsin", "tocsin.db", ""])
def test_whatever_the_database_is_called_its_files_have_a_place(database: str) -> None:
    assert beside(database).parent == beside(AT).parent


def test_files_of_a_database_are_where_they_have_always_been() -> None:
    assert beside(AT).name == "postgresql-d7a850d9"


def test_paths_are_put_behind_an_address_whether_or_not_it_ends_with_a_slash() -> None:
    environ = {"HOME": "/home/alice", "TOCSIN_PUBLIC_URL": "https://ops.example.org/tocsin/"}
    assert settings_from(environ).public_url == "https://ops.example.org/tocsin"


@pytest.mark.parametrize(
    "address",
    [
        "ops.example.org",
        "ftp://ops.example.org",
        "http://",
        "http://[::1",
        "http://localhost:99999",
        "http://localhost:x",
        "http://localhost:0",
        "https://ops.example.org/?a=b",
        "https://ops.example.org/#top",
        "https://ops.example.org/?",
        "https://alice:secret@ops.example.org",
        "https://ops example.org",
        "https://ops.example.org\n",
    ],
)
@pytest.mark.parametrize("name", ["TOCSIN_PUBLIC_URL", "TOCSIN_SLACK_API_URL"])
def test_what_is_no_address_is_refused(name: str, address: str) -> None:
    with pytest.raises(InvalidInput, match=f"{name}: must be an http or https address such as https://") as refused:
        settings_from({"HOME": "/home/alice", name: address})
    assert "secret" not in str(refused.value)


def test_push_services_are_named_one_after_the_other() -> None:
    environ = {"HOME": "/home/alice", "TOCSIN_PUSH_HOSTS": "push.example.org, *.Example.net:8443,"}
    assert settings_from(environ).push_hosts == ("push.example.org", "*.example.net:8443")


@pytest.mark.parametrize("host", ["https://push.example.org", "*", "a b", "push.example.org/x", "*.*.org"])
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(InvalidInput, match="TOCSIN_PUSH_HOSTS: must be hosts such as push"):
        settings_from({"HOME": "/home/alice", "TOCSIN_PUSH_HOSTS": host})
