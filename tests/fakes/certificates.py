"""Where do certificates come from? Made here, signed by themselves, on elliptic curves as that takes no time."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID
from msgspec import Struct


class Made(Struct, frozen=True):
    """A certificate and its key, in PEM."""

    cert: bytes
    key: bytes

    def write(self, directory: Path) -> tuple[Path, Path]:
        """Its files, the key readable by its owner alone; each takes the place of the one before at once."""
        found = directory / "cert.pem", directory / "key.pem"
        for file, content, mode in zip(found, (self.cert, self.key), (0o644, 0o600), strict=True):
            new = file.with_suffix(".new")
            new.write_bytes(content)
            new.chmod(mode)
            new.replace(file)
        return found


def made(
    name: str = "127.0.0.1",
    *,
    lasts: timedelta = timedelta(days=90),
    since: timedelta = timedelta(),
    passphrase: str = "",
) -> Made:
    """A certificate for the address `name` that is valid from `since` after now on, for so long."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    begins = datetime.now(UTC) + since - timedelta(minutes=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + lasts)
        .add_extension(x509.SubjectAlternativeName([_alternative(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    encryption: KeySerializationEncryption = NoEncryption()
    if passphrase:
        encryption = BestAvailableEncryption(passphrase.encode())
    return Made(
        certificate.public_bytes(Encoding.PEM), key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    )


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
