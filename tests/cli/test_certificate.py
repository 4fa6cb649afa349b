"""Which certificates does the server take? What is wrong with one is told with its file, and a renewal is taken up."""

import logging
import ssl
from pathlib import Path

import pytest

from tests.system.certificates import write_certificate
from tocsin.cli.certificate import Certificate
from tocsin.errors import InvalidInput


def shown(certificate: Certificate) -> bytes:
    """What a client that connects now is shown, in DER."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client_context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client_context.check_hostname, client_context.verify_mode = False, ssl.CERT_NONE
    client = client_context.wrap_bio(to_client, to_server)
    server = certificate.context.wrap_bio(to_server, to_client, server_side=True)
    for side in (client, server, client, server):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    return client.getpeercert(binary_form=True) or b""


def der(chain: Path) -> bytes:
    return ssl.PEM_cert_to_DER_cert(chain.read_text())


def test_a_certificate_with_its_key_is_shown(tmp_path: Path) -> None:
    chain, key = write_certificate(tmp_path)
    certificate = Certificate(chain, key)
    assert shown(certificate) == der(chain)
    assert certificate.text == chain.read_text()


@pytest.mark.parametrize(
    ("chain", "key", "message"),
    [
        pytest.param("missing.pem", "tocsin.key", "--tls-cert: .*missing.pem: can't be read: No such file", id="none"),
        pytest.param("tocsin.pem", "missing.key", "--tls-key: .*missing.key: can't be read", id="no key"),
        pytest.param("words.txt", "tocsin.key", "--tls-cert: .*words.txt: must be a PEM file", id="words"),
        pytest.param("tocsin.pem", "other.key", "--tls-key: .*other.key: must be the key of .*pem", id="another's"),
        pytest.param("tocsin.pem", "tocsin.pem", "--tls-cert, --tls-key: .*: must be a certificate", id="twice"),
    ],
)
def test_what_is_none_is_refused_with_its_file(tmp_path: Path, chain: str, key: str, message: str) -> None:
    write_certificate(tmp_path)
    write_certificate(tmp_path, "other")
    (tmp_path / "words.txt").write_text("certainly\n")
    with pytest.raises(InvalidInput, match=message):
        Certificate(tmp_path / chain, tmp_path / key)


def test_a_renewed_certificate_is_shown_from_then_on(tmp_path: Path) -> None:
    certificate = Certificate(*write_certificate(tmp_path))
    chain, _ = write_certificate(tmp_path)
    certificate.renew()
    assert shown(certificate) == der(chain)


def test_a_renewal_that_is_none_is_told_and_the_old_one_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    chain, key = write_certificate(tmp_path)
    certificate, before = Certificate(chain, key), der(chain)
    chain.write_text("half of it\n")
    with caplog.at_level(logging.INFO):
        certificate.renew()
    assert shown(certificate) == before
    assert "must be a PEM file" in caplog.text
    chain.unlink()
    certificate.renew()
    assert shown(certificate) == before
