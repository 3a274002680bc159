"""test-mcp.py: what it says of a server that it only looks at."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import cnpg_tools
from test.contract.backend import Backend, RealBackend
from test.contract.planted import plant
from test.controlplane.plane import Plane
from test.tools.check.tools import TOOLS
from test.tools.tests.checking import altered_server, check, reason, shown, states

SIGN_IN = {"sign-in.none", "sign-in.wrong"}
ABOUT_A_CLUSTER = {"read.status", "read.roles", "read.databases"}


@dataclass(frozen=True)
class Seat:
    """A user whose default namespace is this one."""

    namespace: str
    environment: dict[str, str]


@pytest.fixture(scope="module")
def still(bare_plane: Plane) -> Backend:
    """A cluster where nothing works on the objects."""
    return RealBackend(bare_plane)


@pytest.fixture(scope="module")
def planted(still: Backend) -> Seat:
    """A user of a namespace with a database cluster."""
    namespace = still.create_namespace()
    asyncio.run(_plant(still, namespace))
    return Seat(namespace, {"KUBECONFIG": str(still.user([namespace]))})


async def _plant(backend: Backend, namespace: str) -> None:
    async with backend.admin() as admin:
        await plant(admin, namespace)


@pytest.fixture
def empty(still: Backend) -> Iterator[Seat]:
    """A user of a namespace without anything."""
    namespace = still.create_namespace()
    yield Seat(namespace, {"KUBECONFIG": str(still.user([namespace]))})
    still.delete_namespace(namespace)


def test_server_of_this_folder_passes(planted: Seat) -> None:
    found = shown(check("--json", environment=planted.environment))
    failed = {name: state for name, state in states(found).items() if state != "passed"}
    assert failed == dict.fromkeys(SIGN_IN, "skipped")
    assert found["exit_status"] == 0
    assert found["server"]["protocol"] == "2026-07-28"
    assert found["left_out"] > 10


def test_result_for_people_is_a_line_a_check(planted: Seat) -> None:
    ran = check(environment=planted.environment)
    lines = ran.out.splitlines()
    assert (ran.status, ran.errors) == (0, "")
    assert any(line.split()[:2] == ["passed", "read.status"] for line in lines)
    assert lines[-1].startswith("15 passed, 0 failed, 2 skipped")


def test_namespace_without_clusters_skips_with_the_reason(empty: Seat) -> None:
    found = shown(check("--json", "--namespace", empty.namespace, environment=empty.environment))
    skipped = {name for name, state in states(found).items() if state == "skipped"}
    assert skipped == SIGN_IN | ABOUT_A_CLUSTER
    assert empty.namespace in reason(found, "read.status")
    assert found["exit_status"] == 0


SPECS = "import dataclasses; s = cnpg_tools.REGISTRY._specs; n = 'delete_postgres_role'; "
ALTERATIONS = {
    "missing": ("s.pop(n)", "tools.names"),
    "foreign": ("s['more'] = dataclasses.replace(s[n], name='more')", "tools.names"),
    "hints": (
        "s[n] = dataclasses.replace(s[n], hints=dataclasses.replace(s[n].hints, idempotent=True))",
        "tools.hints",
    ),
    "description": ("s[n] = dataclasses.replace(s[n], description='Drops.')", "tools.descriptions"),
}


@pytest.mark.parametrize("which", ALTERATIONS)
def test_server_with_other_tools_fails(tmp_path: Path, which: str) -> None:
    change, failing = ALTERATIONS[which]
    server = altered_server(tmp_path, SPECS + change)
    ran = check("--json", "--only", "tools", "--command", server)
    found = shown(ran)
    assert found["exit_status"] == 1
    assert [name for name, state in states(found).items() if state == "failed"] == [failing]


def test_table_of_tools_is_that_of_the_server() -> None:
    found = {
        name: (spec.hints.read_only, spec.hints.destructive, spec.hints.idempotent)
        for name, spec in cnpg_tools.REGISTRY.tools.items()
    }
    assert found == TOOLS


def test_server_without_kubernetes_fails_and_says_why() -> None:
    found = shown(check("--json", "--only", "read", environment={"KUBECONFIG": "/nowhere"}))
    assert found["exit_status"] == 1
    assert "unavailable" in reason(found, "read.clusters")
    assert reason(found, "read.status") == "it needs read.clusters, which failed"


def test_check_that_takes_too_long_fails(planted: Seat) -> None:
    ran = check(
        "--json", "--only", "read.clusters", "--timeout", "0.0001", environment=planted.environment
    )
    assert "took longer than 0.0001 seconds" in reason(shown(ran), "read.clusters")


def test_what_writes_is_skipped_where_writing_was_not_asked_for(planted: Seat) -> None:
    found = shown(check("--json", "--only", "write.create", environment=planted.environment))
    assert set(states(found).values()) == {"skipped"}
    assert "--write" in reason(found, "write.create")
