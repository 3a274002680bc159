"""Certificates of a test's own authority, good and bad ones."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from cnpg_mcp.demo.certificates import builder
from test.controlplane.pki import key_pem, write_private


@dataclass(frozen=True)
class Pair:
    """Files with a certificate and its key."""

    certificate: Path
    key: Path


class Authority:
    """A certificate authority in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("doctor-test-ca")
        days = timedelta(days=400)
        begun = builder(self._name, self._name, self._key, since=-days, until=days)
        constraint = x509.BasicConstraints(ca=True, path_length=None)
        certificate = begun.add_extension(constraint, critical=True).sign(
            self._key, hashes.SHA256()
        )
        self.path = folder / "ca.crt"
        self.path.write_bytes(certificate.public_bytes(Encoding.PEM))

    def issue(
        self,
        host: str,
        *,
        since: timedelta = timedelta(days=-60),
        until: timedelta = timedelta(days=60),
        self_signed: bool = False,
    ) -> Pair:
        """A certificate for a host; times count from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        issuer, signer = (_name(host), key) if self_signed else (self._name, self._key)
        names = x509.SubjectAlternativeName([x509.DNSName(host)])
        begun = builder(_name(host), issuer, key, since=since, until=until)
        certificate = begun.add_extension(names, critical=False).sign(signer, hashes.SHA256())
        stem = f"{host}-{x509.random_serial_number():x}"
        pair = Pair(self._folder / f"{stem}.crt", self._folder / f"{stem}.key")
        pair.certificate.write_bytes(certificate.public_bytes(Encoding.PEM))
        write_private(pair.key, key_pem(key))
        return pair


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
