"""The Secrets of a cluster: its authority, its certificates, and the application's password."""

import base64
import secrets
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from cnpg_mcp.demo.certificates import builder
from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.operator.labels import ANNOTATIONS, MANAGED_BY, body
from cnpg_mcp.demo.operator.scene import CLUSTER_LABEL, Scene

LIFETIME = timedelta(days=90)
PASSWORD_LENGTH = 64
_LOGINS = ("app", "superuser")


def wanted(scene: Scene) -> list[str]:
    """The names of the Secrets that the operator makes for a cluster."""
    parts = ["ca", "server", "replication"]
    initdb = (scene.spec.get("bootstrap") or {}).get("initdb") or {}
    if not initdb.get("secret"):
        parts.append("app")
    if scene.spec.get("enableSuperuserAccess") and not scene.spec.get("superuserSecret"):
        parts.append("superuser")
    return [f"{scene.name}-{part}" for part in parts]


def missing(scene: Scene, known: set[str]) -> list[KubeObject]:
    """The Secrets that are not there yet. The three of TLS are made together."""
    due = [name for name in wanted(scene) if name not in known]
    made: list[KubeObject] = []
    if f"{scene.name}-ca" in due:
        made += _tls(scene)
    return made + [_login(scene, kind) for kind in _LOGINS if f"{scene.name}-{kind}" in due]


def expiration(secret: KubeObject) -> str:
    """When the certificate in a Secret expires, as the operator writes it; nothing without one.

    A Secret of that name may be somebody else's, with anything in it.
    """
    data = secret.get("data") or {}
    pem = base64.b64decode(data.get("tls.crt") or data.get("ca.crt") or "")
    if b"BEGIN CERTIFICATE" not in pem:
        return ""
    try:
        until = x509.load_pem_x509_certificate(pem).not_valid_after_utc
    except ValueError:
        return ""
    return until.strftime("%Y-%m-%d %H:%M:%S +0000 UTC")


def service_names(scene: Scene) -> list[str]:
    """The names that the server's certificate is valid for."""
    inside = f".{scene.namespace}"
    endings = ("", inside, f"{inside}.svc", f"{inside}.svc.cluster.local")
    return [f"{scene.name}-{kind}{end}" for kind in ("rw", "r", "ro") for end in endings]


def _login(scene: Scene, kind: str) -> KubeObject:
    user, database = _account(scene, kind)
    password = secrets.token_urlsafe(PASSWORD_LENGTH)[:PASSWORD_LENGTH]
    host, port = f"{scene.name}-rw", 5432
    near, far = f"{host}.{scene.namespace}", f"{host}.{scene.namespace}.svc.cluster.local"
    login, query = f"{user}:{password}", f"password={password}&user={user}"
    data = {
        "username": user,
        "user": user,
        "password": password,
        "dbname": database,
        "host": host,
        "port": str(port),
        "pgpass": f"{host}:{port}:{database}:{login}\n",
        "uri": f"postgresql://{login}@{near}:{port}/{database}",
        "jdbc-uri": f"jdbc:postgresql://{near}:{port}/{database}?{query}",
        "fqdn-uri": f"postgresql://{login}@{far}:{port}/{database}",
        "fqdn-jdbc-uri": f"jdbc:postgresql://{far}:{port}/{database}?{query}",
    }
    labels = {CLUSTER_LABEL: scene.name, "cnpg.io/reload": "true", "cnpg.io/userType": kind}
    made = _secret(scene, kind, "kubernetes.io/basic-auth", data, {**MANAGED_BY, **labels})
    made["metadata"]["annotations"] = dict(ANNOTATIONS)
    return made


def _account(scene: Scene, kind: str) -> tuple[str, str]:
    """User and database of a Secret."""
    if kind == "superuser":
        return "postgres", "*"
    bootstrap = scene.spec.get("bootstrap") or {}
    method = next(iter(bootstrap.values()), None) or {}
    database = method.get("database") or "app"
    return method.get("owner") or database, database


def _tls(scene: Scene) -> list[KubeObject]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(f"{scene.name}-ca")
    authority = (
        builder(name, name, key, until=LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    own = {"ca.crt": _pem(authority), "ca.key": _key_pem(key)}
    made = [_secret(scene, "ca", "Opaque", own, MANAGED_BY)]
    for kind, subject in (("server", f"{scene.name}-rw"), ("replication", "streaming_replica")):
        pair = _issue(key, name, subject, service_names(scene))
        made.append(_secret(scene, kind, "kubernetes.io/tls", pair, MANAGED_BY))
    return made


def _issue(
    authority: ec.EllipticCurvePrivateKey, issuer: x509.Name, subject: str, names: list[str]
) -> dict[str, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    alternatives = x509.SubjectAlternativeName([x509.DNSName(each) for each in names])
    certificate = (
        builder(_name(subject), issuer, key, until=LIFETIME)
        .add_extension(alternatives, critical=False)
        .sign(authority, hashes.SHA256())
    )
    return {"tls.crt": _pem(certificate), "tls.key": _key_pem(key)}


def _secret(
    scene: Scene, kind: str, of_type: str, data: dict[str, str], labels: dict[str, str]
) -> KubeObject:
    made = body("v1", "Secret", scene.cluster, f"{scene.name}-{kind}", labels)
    del made["metadata"]["annotations"]
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    return {**made, "type": of_type, "data": encoded}


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common[:64])])


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key_pem(key: ec.EllipticCurvePrivateKey) -> str:
    form = serialization.PrivateFormat.TraditionalOpenSSL
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, plain).decode()
