"""What is asked when a cluster is to be created, checked as far as one can without asking."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum

from cnpg_mcp.domain.creation.parameters import check_parameters
from cnpg_mcp.domain.marks import digest_of
from cnpg_mcp.domain.names import (
    RESERVED_ROLE,
    check_database_name,
    check_identifier,
    check_new_cluster_name,
    check_object_name,
)
from cnpg_mcp.domain.quantities import amount
from cnpg_mcp.domain.quoting import quoted
from cnpg_mcp.errors import invalid

_IMAGE = re.compile(
    r"(?=.{1,400}\Z)[a-z0-9][A-Za-z0-9._-]*(:[0-9]{1,5}(?=/))?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*"
    r":[0-9][A-Za-z0-9._-]{0,127}(@sha256:[0-9a-f]{64})?"
)
"""Registry and port, path, tag, digest; a path with empty or dotted parts could look allowed."""
_VERSION = re.compile(r"([1-9][0-9])(\.[0-9]+)?")
_SMALLEST_VOLUME = 100 * 1024 * 1024
"""A new PostgreSQL writes about 60 MB before anybody stores a row."""
_RESERVED_LABELS = (
    "cnpg.io",
    "cnpg-mcp.io",
    "kubernetes.io",
    "k8s.io",
    "argoproj.io",
    "fluxcd.io",
    "helm.sh",
    "velero.io",
)
"""Labels by which operators, deployment and backup tools know what is theirs."""


class Profile(StrEnum):
    """A set of stated assumptions."""

    DEV = "dev"
    PRODUCTION = "production"


_INSTANCES = {Profile.DEV: 1, Profile.PRODUCTION: 3}


@dataclass(frozen=True)
class ClusterOrder:
    """The arguments that define a cluster; `None` leaves a choice to profile and operator."""

    name: str
    profile: Profile = Profile.DEV
    instances: int | None = None
    storage_size: str | None = None
    storage_class: str | None = None
    wal_storage_size: str | None = None
    postgres_version: str | None = None
    image: str | None = None
    cpu: str | None = None
    memory: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    synchronous_replicas: int | None = None
    database: str | None = None
    owner: str | None = None
    backup_object_store: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def major(self) -> int | None:
        """The PostgreSQL major version asked for."""
        return int(self.postgres_version.split(".")[0]) if self.postgres_version else None

    @property
    def wanted_instances(self) -> int:
        """The number asked for, else the profile's."""
        return self.instances or _INSTANCES[self.profile]

    @property
    def wanted_owner(self) -> str | None:
        """The role that will own the first database and can log in; `None`: the operator's."""
        return self.owner or self.database

    def digest(self, namespace: str) -> str:
        """What tells an order repeated from another order for the same place."""
        return digest_of(namespace, asdict(self))

    def check(self) -> None:
        """Refuses what cannot be right, before the API server is asked.

        Raises:
            ToolFailure: `invalid` or `blocked`, naming the field.
        """
        check_new_cluster_name(self.name)
        for name in ("storage_size", "wal_storage_size", "memory", "cpu"):
            _check_quantity(name, getattr(self, name))
        if self.profile is Profile.PRODUCTION and self.storage_size is None:
            raise invalid(
                "storage_size",
                "A production cluster needs a stated size: a volume cannot be made smaller later.",
                "Ask how much data is expected and pass storage_size, for example 50Gi.",
            )
        if self.postgres_version and not _VERSION.fullmatch(self.postgres_version):
            raise invalid(
                "postgres_version",
                "A version is a major version such as 17, or a minor one such as 17.5.",
                "Correct it, or leave it out for the operator's default.",
            )
        if self.image and self.postgres_version:
            raise invalid(
                "image",
                "An image names its PostgreSQL version itself.",
                "Pass either image or postgres_version.",
            )
        if self.image and not _IMAGE.fullmatch(self.image):
            raise invalid(
                "image",
                "That is no image reference with a tag that begins with a PostgreSQL version.",
                "Write for example registry.example/postgresql:17.5.",
            )
        if self.backup_object_store is not None:
            check_object_name(self.backup_object_store, "backup_object_store")
        self._check_synchronous()
        self._check_bootstrap()
        check_parameters(self.parameters, self.major)
        for label in self.labels:
            _check_label(label)

    def _check_synchronous(self) -> None:
        number = self.synchronous_replicas
        if not number or number < self.wanted_instances:
            return
        raise invalid(
            "synchronous_replicas",
            f"{number} synchronous replicas need at least {number + 1} instances; the cluster "
            f"would have {self.wanted_instances}.",
            "Raise instances or lower synchronous_replicas.",
        )

    def _check_bootstrap(self) -> None:
        if self.database is not None:
            check_database_name(self.database, "database")
        if self.wanted_owner is not None:
            field = "owner" if self.owner else "database"
            check_identifier(self.wanted_owner, field)
            if RESERVED_ROLE.fullmatch(self.wanted_owner):
                raise invalid(
                    field,
                    f"The database's owner would be {quoted(self.wanted_owner)}, a reserved role.",
                    "Choose another owner.",
                )


def as_parameters(given: Mapping[str, str | float | bool] | None) -> Mapping[str, str]:
    """Parameters as CloudNativePG takes them: names in lower case, every value a string.

    Raises:
        ToolFailure: `invalid`, one parameter is given twice in different case.
    """
    parameters: dict[str, str] = {}
    for name, value in (given or {}).items():
        if name.lower() in parameters:
            raise invalid(
                f"parameters.{name}", "The parameter is given twice.", "Give each one once."
            )
        switch = {True: "on", False: "off"}
        parameters[name.lower()] = switch[value] if isinstance(value, bool) else str(value)
    return parameters


def _check_quantity(name: str, text: str | None) -> None:
    if text is None:
        return
    example = {"cpu": "500m or 2"}.get(name, "512Mi or 10Gi")
    number = amount(text)
    if number is None:
        problem = "is not a Kubernetes quantity"
    elif number <= 0:
        problem = "must be more than zero"
    elif name.endswith("storage_size") and number < _SMALLEST_VOLUME:
        problem = "is less than 100Mi, too small for PostgreSQL"
    else:
        return
    raise invalid(
        name, f"{quoted(text, 40)} {problem}.", f"Write the amount as for example {example}."
    )


def _check_label(label: str) -> None:
    prefix = label.rpartition("/")[0]
    if any(prefix == own or prefix.endswith(f".{own}") for own in _RESERVED_LABELS):
        raise invalid(
            f"labels.{label}",
            f"Labels under {', '.join(_RESERVED_LABELS)} steer operators and tools.",
            "Use a prefix of your own, or none.",
        )
