"""Keys and certificates of one control plane, and kubeconfigs made from them."""

import base64
import ipaddress
from datetime import timedelta
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cnpg_mcp.demo.certificates import builder

LIFETIME = timedelta(days=2)


class Authority:
    """A certificate authority that lives as long as its control plane."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("controlplane-ca")
        self._certificate = (
            builder(self._name, self._name, self._key, until=LIFETIME)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.path = folder / "ca.crt"
        self.path.write_bytes(self.pem)

    @property
    def pem(self) -> bytes:
        """The authority's own certificate."""
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    def issue(self, user: str, groups: tuple[str, ...] = ()) -> tuple[bytes, bytes]:
        """Certificate and key, as PEM, that serve on loopback and sign in as ``user``."""
        key = ec.generate_private_key(ec.SECP256R1())
        usage = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        names = [
            x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
            x509.DNSName("localhost"),
            x509.DNSName("kubernetes.default.svc"),
        ]
        certificate = (
            builder(_name(user, groups), self._name, key, until=LIFETIME)
            .add_extension(x509.ExtendedKeyUsage(usage), critical=False)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return certificate.public_bytes(serialization.Encoding.PEM), key_pem(key)

    def issue_files(self, stem: str, user: str) -> tuple[Path, Path]:
        """Like ``issue``, written to ``stem.crt`` and ``stem.key``."""
        certificate, key = self._folder / f"{stem}.crt", self._folder / f"{stem}.key"
        issued = self.issue(user)
        certificate.write_bytes(issued[0])
        write_private(key, issued[1])
        return certificate, key


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The private key as unencrypted PEM."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )


def write_private(path: Path, content: bytes) -> None:
    """Writes a file that only its owner can read."""
    path.touch(mode=0o600)
    path.write_bytes(content)


def write_kubeconfig(
    path: Path, server: str, authority: Authority, pair: tuple[bytes, bytes], namespace: str
) -> Path:
    """A kubeconfig that signs in by certificate."""
    user = {"client-certificate-data": _b64(pair[0]), "client-key-data": _b64(pair[1])}
    cluster = {"server": server, "certificate-authority-data": _b64(authority.pem)}
    context = {"cluster": "plane", "user": path.name, "namespace": namespace}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "plane",
        "clusters": [{"name": "plane", "cluster": cluster}],
        "users": [{"name": path.name, "user": user}],
        "contexts": [{"name": "plane", "context": context}],
    }
    write_private(path, yaml.safe_dump(config).encode())
    return path


def _b64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _name(user: str, groups: tuple[str, ...] = ()) -> x509.Name:
    organisations = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
    return x509.Name([*organisations, x509.NameAttribute(NameOID.COMMON_NAME, user)])
