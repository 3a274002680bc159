"""A cluster from the first second to healthy: what status says, and what is true at that moment."""

import time
from dataclasses import dataclass
from functools import partial

from test.e2e.desk import Answer, Data, Desk
from test.e2e.psql import Psql
from test.e2e.waiting import until

SCALED, LEFT = "scaled", "left"
"""Clusters that are made early, to be scaled and deleted later."""
HEALTHY_SECONDS = 180
ROUTED_SECONDS = 30
"""A ready endpoint is routed by every node a moment later: until then it refuses connections."""


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
    """Whether logins reached a primary when healthy was first said."""


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
    """Whether the connection facts lead to a server that takes writes, by psql in the pod.

    At once at the endpoint of the -rw Service; by the Service's name as soon as the nodes route it.
    """
    admin, namespace = psql.admin, psql.namespace
    password = admin.secret(namespace, connection["secret"]["name"])["password"]
    endpoints = admin.endpoints(namespace, f"{psql.cluster}-rw")
    direct = [psql.answers_writes(target(connection, host), password) for host in endpoints]
    routed = partial(psql.answers_writes, target(connection), password)
    return direct == [True] and until(routed, ROUTED_SECONDS, "the -rw Service is routed")


def target(connection: Data, host: str = "") -> str:
    """The connection string that the facts amount to, without password."""
    services = connection["services"]
    return (
        f"host={host or services['read_write']} port={services['port']}"
        f" dbname={connection['database']} user={connection['user']} connect_timeout=5"
    )
