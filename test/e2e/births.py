"""A cluster from the first second to healthy: what status says, and what is true at that moment."""

import time
from dataclasses import dataclass

from test.e2e.desk import Answer, Data, Desk
from test.e2e.psql import Psql
from test.e2e.waiting import until

HEALTHY_SECONDS = 180


@dataclass(frozen=True)
class Look:
    """One answer of get_cluster_status, seconds after the creation was answered."""

    seconds: float
    verdict: str
    findings: tuple[str, ...]


@dataclass(frozen=True)
class Birth:
    """How a cluster came up."""

    creation: Answer
    looks: tuple[Look, ...]
    status: Data
    login_worked: bool
    """Whether a login through the -rw Service could write when healthy was first said."""


def watch(desk: Desk, psql: Psql) -> Birth:
    """Creates a cluster and asks for its status until it is healthy."""
    creation = desk.ask("create_postgres_cluster", name=psql.cluster, profile="dev")
    start = time.monotonic()
    looks: list[Look] = []

    def look() -> Data | None:
        seconds = time.monotonic() - start
        data = desk.ask("get_cluster_status", name=psql.cluster, detail_level="detailed").data
        codes = tuple(finding["code"] for finding in data["findings"])
        looks.append(Look(seconds, data["verdict"], codes))
        return data if data["verdict"] == "healthy" else None

    status = until(look, HEALTHY_SECONDS, f"{psql.cluster} is healthy")
    return Birth(creation, tuple(looks), status, login_works(psql, status["connection"]))


def login_works(psql: Psql, connection: Data) -> bool:
    """Whether the connection facts lead to a server that takes writes, by psql in the pod."""
    secret = psql.admin.secret(psql.namespace, connection["secret"]["name"])
    return psql.answers_writes(target(connection), secret["password"])


def target(connection: Data) -> str:
    """The connection string that the facts amount to, without password."""
    services = connection["services"]
    return (
        f"host={services['read_write']} port={services['port']}"
        f" dbname={connection['database']} user={connection['user']} connect_timeout=5"
    )
