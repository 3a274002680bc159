"""How applications connect to a cluster, as far as the Cluster object tells. Never a value."""

import re
from dataclasses import dataclass

from cnpg_mcp.domain.quoting import named, plain
from cnpg_mcp.domain.views.cluster import Cluster

PORT = 5432
_TLS_VERSION = re.compile(r"TLSv1(\.[0-3])?")

OPERATOR_KEYS = (
    "username",
    "user",
    "password",
    "dbname",
    "host",
    "port",
    "pgpass",
    "uri",
    "jdbc-uri",
    "fqdn-uri",
    "fqdn-jdbc-uri",
)
"""Keys of a Secret that the operator makes. `host` and `pgpass` hold the short Service name, good
in the same namespace only; `uri` adds the namespace, `fqdn-*` the cluster's DNS domain."""

SUPPLIED_KEYS = ("username", "password")
"""Keys that a user-supplied Secret of type kubernetes.io/basic-auth must have; others may exist."""


@dataclass(frozen=True)
class ServiceHosts:
    """Host names of the Services, as `service.namespace.svc`; `None` for a disabled one."""

    read_write: str
    read_only: str | None
    read: str | None
    port: int = PORT


@dataclass(frozen=True)
class CredentialsSecret:
    """A Secret with credentials: where it is and which keys it has."""

    namespace: str
    name: str
    keys: tuple[str, ...]
    made_by_operator: bool


@dataclass(frozen=True)
class TlsFacts:
    """What a client has to know about encryption.

    Plain text is accepted as well, unless `pg_hba` forbids it: the default rule is `host`.
    """

    ca_secret: str
    minimum_version: str
    ca_key: str = "ca.crt"

    def summary(self) -> str:
        """The same in one sentence or two."""
        minimum = plain(self.minimum_version, _TLS_VERSION)
        return (
            f"TLS from {minimum} on; verify with {self.ca_key} of Secret "
            f"{named(self.ca_secret)}. Plain text is accepted as well: ask for sslmode=verify-full."
        )


@dataclass(frozen=True)
class ConnectionFacts:
    """Everything needed to connect, except the password itself."""

    services: ServiceHosts
    database: str | None
    user: str | None
    secret: CredentialsSecret | None
    superuser_secret: CredentialsSecret | None
    tls: TlsFacts
    read_only_has_replicas: bool


def connection_facts(cluster: Cluster) -> ConnectionFacts:
    """The facts for a cluster; the database is the one it was bootstrapped with."""
    application = cluster.spec.bootstrap.method
    return ConnectionFacts(
        services=_services(cluster),
        database=application.database or None,
        user=application.owner or application.database or None,
        secret=_application_secret(cluster),
        superuser_secret=_superuser_secret(cluster),
        tls=_tls(cluster),
        read_only_has_replicas=cluster.spec.instances > 1,
    )


def _services(cluster: Cluster) -> ServiceHosts:
    disabled = cluster.spec.managed.services.disabled_default_services

    def host(kind: str) -> str | None:
        if kind in disabled:
            return None
        return f"{cluster.name}-{kind}.{cluster.namespace}.svc"

    write_service = cluster.status.write_service or f"{cluster.name}-rw"
    return ServiceHosts(f"{write_service}.{cluster.namespace}.svc", host("ro"), host("r"))


def _application_secret(cluster: Cluster) -> CredentialsSecret | None:
    application = cluster.spec.bootstrap.method
    if not application.database:
        return None
    if application.secret is not None and application.secret.name:
        return _supplied(cluster, application.secret.name)
    return CredentialsSecret(
        cluster.namespace, f"{cluster.name}-app", OPERATOR_KEYS, made_by_operator=True
    )


def _superuser_secret(cluster: Cluster) -> CredentialsSecret | None:
    if not cluster.spec.enable_superuser_access:
        return None
    supplied = cluster.spec.superuser_secret
    if supplied is not None and supplied.name:
        return _supplied(cluster, supplied.name)
    return CredentialsSecret(
        cluster.namespace, f"{cluster.name}-superuser", OPERATOR_KEYS, made_by_operator=True
    )


def _supplied(cluster: Cluster, name: str) -> CredentialsSecret:
    return CredentialsSecret(cluster.namespace, name, SUPPLIED_KEYS, made_by_operator=False)


def _tls(cluster: Cluster) -> TlsFacts:
    parameters = cluster.spec.postgresql.parameters
    return TlsFacts(
        ca_secret=cluster.status.certificates.server_ca_secret
        or cluster.spec.certificates.server_ca_secret
        or f"{cluster.name}-ca",
        minimum_version=parameters.get("ssl_min_protocol_version", "TLSv1.3"),
    )
