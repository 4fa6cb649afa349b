"""Which certificate is served, and what is said where none can be?"""

import logging
import ssl
from datetime import timedelta
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.fakes.certificates import Made, made
from tocsin.cli.certificate import Certificate, read_pair
from tocsin.errors import InvalidInput

GOOD = made()
OTHER = made("tocsin.example.org")


def files(directory: Path, cert: bytes | None = GOOD.cert, key: bytes | None = GOOD.key) -> tuple[Path, Path]:
    """The two files; one that is None is missing."""
    cert_file, key_file = GOOD.write(directory)
    for file, content in ((cert_file, cert), (key_file, key)):
        if content is None:
            file.unlink()
        else:
            file.write_bytes(content)
    return cert_file, key_file


def shown_by(context: ssl.SSLContext) -> str:
    """The certificate that a client is shown."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    client = trusting.wrap_bio(incoming, outgoing, server_hostname="anything.example")
    server = context.wrap_bio(outgoing, incoming, server_side=True)
    for side in (client, server, client, server):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    found = client.getpeercert(binary_form=True)
    assert found is not None
    return ssl.DER_cert_to_PEM_cert(found)


def test_a_pair_is_read_with_its_end(tmp_path: Path) -> None:
    pair = read_pair(*files(tmp_path))
    assert pair.pem.encode() == GOOD.cert
    assert shown_by(pair.context).encode() == GOOD.cert


def test_one_file_may_hold_both_and_the_copy_holds_no_key(tmp_path: Path) -> None:
    both = tmp_path / "both.pem"
    both.write_bytes(GOOD.key + GOOD.cert)
    assert "PRIVATE" not in read_pair(both, both).pem


@pytest.mark.parametrize(
    ("cert", "key", "complaint"),
    [
        pytest.param(None, GOOD.key, "--tls-cert: {cert}: can't be read: No such file or directory", id="no file"),
        pytest.param(GOOD.cert, None, "--tls-key: {key}: can't be read: No such file or directory", id="no key"),
        pytest.param(
            b"hello",
            GOOD.key,
            "--tls-cert: {cert}: holds no certificate in PEM form (BEGIN CERTIFICATE)",
            id="no certificate in it",
        ),
        pytest.param(
            GOOD.cert[:200],
            GOOD.key,
            "--tls-cert: {cert}: holds no certificate in PEM form (BEGIN CERTIFICATE)",
            id="half a certificate",
        ),
        pytest.param(
            GOOD.cert,
            GOOD.cert,
            "--tls-key: {key}: holds no private key in PEM form (BEGIN PRIVATE KEY)",
            id="the certificate for the key",
        ),
        pytest.param(
            GOOD.cert,
            OTHER.key,
            "--tls-key: {key}: is not the key of the certificate in {cert}; its own one is needed",
            id="another one's key",
        ),
        pytest.param(
            GOOD.cert,
            made(passphrase="secret").key,
            "--tls-key: {key}: is encrypted, and nobody is there to type its passphrase at night; "
            "write it unencrypted, mode 0600",
            id="an encrypted key",
        ),
    ],
)
def test_what_cannot_be_served_is_named(tmp_path: Path, cert: bytes | None, key: bytes | None, complaint: str) -> None:
    cert_file, key_file = files(tmp_path, cert, key)
    with pytest.raises(InvalidInput) as refused:
        read_pair(cert_file, key_file)
    assert str(refused.value) == complaint.format(cert=cert_file, key=key_file)


def test_a_certificate_that_is_not_valid_yet_is_refused(tmp_path: Path) -> None:
    early = made(since=timedelta(days=2))
    with pytest.raises(InvalidInput, match=r"is valid only from \d{4}-\d\d-\d\d \d\d:\d\d UTC on$"):
        read_pair(*early.write(tmp_path))


@pytest.mark.parametrize(
    ("lasts", "level", "word"),
    [(timedelta(seconds=30), logging.CRITICAL, "expired"), (timedelta(days=3), logging.WARNING, "expires")],
)
def test_a_certificate_at_its_end_is_served_and_told_of_once_a_day(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, lasts: timedelta, level: int, word: str
) -> None:
    certificate = serving(tmp_path, made(lasts=lasts))
    for _ in range(3):
        certificate.renew()
    (told,) = [it for it in caplog.records if it.levelno >= logging.WARNING]
    assert (told.levelno, word in told.message) == (level, True)


def test_a_key_that_others_may_read_is_told_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    cert, key = files(tmp_path)
    key.chmod(0o644)
    read_pair(cert, key)
    assert [it.message for it in caplog.records] == [f"{key}: others on this machine may read this key; chmod 600 it"]


def serving(directory: Path, first: Made = GOOD) -> Certificate:
    return Certificate(*first.write(directory), copy=directory / "tocsin.db.cert")


def test_what_it_is_renewed_by_is_served_and_laid_for_the_command_line(tmp_path: Path) -> None:
    certificate = serving(tmp_path)
    assert shown_by(certificate.context).encode() == GOOD.cert
    OTHER.write(tmp_path)
    certificate.renew()
    assert shown_by(certificate.context).encode() == OTHER.cert
    assert (tmp_path / "tocsin.db.cert").read_bytes() == OTHER.cert


def test_half_a_renewal_changes_nothing_until_it_is_whole(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    certificate = serving(tmp_path)
    (tmp_path / "cert.pem").write_bytes(OTHER.cert)
    for _ in range(2):
        certificate.renew()
    assert shown_by(certificate.context).encode() == GOOD.cert
    (told,) = [it.message for it in caplog.records if it.levelno == logging.ERROR]
    assert "is not the key of the certificate" in told
    (tmp_path / "key.pem").write_bytes(OTHER.key)
    certificate.renew()
    assert shown_by(certificate.context).encode() == OTHER.cert


def test_files_that_are_gone_are_told_of_once_and_served_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    certificate = serving(tmp_path)
    (tmp_path / "cert.pem").unlink()
    for _ in range(3):
        certificate.renew()
    assert shown_by(certificate.context).encode() == GOOD.cert
    assert len([it for it in caplog.records if it.levelno == logging.ERROR]) == 1


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--tls-cert", "nowhere.pem"), "tocsin: --tls-cert: nowhere.pem: can't be read: No such file or directory"),
        (("--tls-cert", "", "--tls-key", ""), "tocsin: --tls-cert: must name a file, got nothing"),
        (("--tls-key", "key.pem"), "tocsin: --tls-key: key.pem is the key of no certificate: --tls-cert names that"),
    ],
)
def test_serve_does_not_start_without_what_it_was_told_to_serve(
    alone: Terminal, arguments: tuple[str, ...], complaint: str
) -> None:
    run = alone("serve", "--port", "0", *arguments)
    assert (run.status, run.complaint) == (2, complaint)
