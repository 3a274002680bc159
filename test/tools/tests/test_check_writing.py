"""test-mcp.py --write: the life of a cluster, and that nothing stays, whatever happens."""

import asyncio
from collections.abc import Iterator

import pytest

from test.contract.backend import Backend, RealBackend
from test.controlplane.api import until
from test.controlplane.plane import Plane
from test.tools.tests.checking import check, reason, shown, started, states

KINDS = ("clusters", "databases", "secrets", "persistentvolumeclaims", "databaseroles")
OLDER_KINDS = KINDS[:-1]
GONE_SECONDS = 60
"""Within which Kubernetes has collected what belonged to a cluster that is gone."""


@pytest.fixture(scope="module")
def backend(plane: Plane) -> Backend:
    """A cluster with the operator at work."""
    return RealBackend(plane)


@pytest.fixture
def playground(backend: Backend) -> Iterator[str]:
    """A namespace where things may be made."""
    namespace = backend.create_namespace()
    yield namespace
    backend.delete_namespace(namespace)


def writing(namespace: str) -> list[str]:
    """The arguments of a run that writes."""
    return ["--write", "--namespace", namespace, "--json"]


def user(backend: Backend, namespace: str, *without: tuple[str, str]) -> dict[str, str]:
    """The environment of a user with the chart's rights, but for these."""
    return {"KUBECONFIG": str(backend.user([namespace], without=without))}


def left_in(backend: Backend, namespace: str, kinds: tuple[str, ...] = KINDS) -> list[str]:
    """What is there, and belongs to a cluster."""
    return asyncio.run(_left_in(backend, namespace, kinds))


async def _left_in(backend: Backend, namespace: str, kinds: tuple[str, ...]) -> list[str]:
    async with backend.admin() as admin:
        lists = [await admin.list(kind, namespace) for kind in kinds]
    return [found["metadata"]["name"] for each in lists for found in each]


def nothing_stays_in(backend: Backend, namespace: str, kinds: tuple[str, ...] = KINDS) -> None:
    """Returns once nothing of a cluster is there."""
    left: list[str] = []

    async def is_empty() -> bool:
        left[:] = await _left_in(backend, namespace, kinds)
        return not left

    asyncio.run(until(is_empty, GONE_SECONDS, lambda: f"{namespace} still has {left}"))


@pytest.mark.parametrize(
    ("which", "kinds"),
    [("plane", KINDS), ("older_plane", OLDER_KINDS)],
    ids=["current", "older"],
)
def test_whole_life_of_a_cluster_passes_and_leaves_nothing(
    request: pytest.FixtureRequest, which: str, kinds: tuple[str, ...]
) -> None:
    backend = RealBackend(request.getfixturevalue(which))
    namespace = backend.create_namespace()
    found = shown(check(*writing(namespace), environment=user(backend, namespace)))
    assert found["exit_status"] == 0, found
    assert states(found)["write.delete-cluster"] == "passed"
    assert states(found)["clean-up"] == "passed"
    nothing_stays_in(backend, namespace, kinds)


def test_failure_in_the_middle_leaves_nothing(backend: Backend, playground: str) -> None:
    environment = user(backend, playground, ("databases", "create"))
    only = [
        part for name in ("create-database", "delete-role") for part in ("--only", f"write.{name}")
    ]
    found = shown(check(*writing(playground), *only, environment=environment))
    assert found["exit_status"] == 1
    assert states(found)["write.create-role"] == "passed"
    assert "forbidden" in reason(found, "write.create-database")
    assert reason(found, "write.delete-role") == (
        "it needs write.delete-database, which was skipped"
    )
    assert states(found)["clean-up"] == "passed"
    nothing_stays_in(backend, playground)


@pytest.mark.parametrize("after", ["write.dry-run", "write.create "])
def test_interrupted_run_removes_what_it_has_made(
    backend: Backend, playground: str, after: str
) -> None:
    arguments = ["--write", "--namespace", playground, "--only", "write.scale-up"]
    running = started(*arguments, environment=user(backend, playground))
    running.line_with(after)
    running.interrupt()
    ran = running.end()
    assert ran.status == 130
    assert "passed   clean-up" in ran.out
    assert "skipped  write.scale-up" in ran.out
    nothing_stays_in(backend, playground)


def test_what_cannot_be_removed_is_named_and_fails(backend: Backend, playground: str) -> None:
    environment = user(backend, playground, ("clusters", "delete"))
    found = shown(check(*writing(playground), "--only", "write.create", environment=environment))
    assert found["exit_status"] == 1
    assert states(found)["clean-up"] == "failed"
    (cluster,) = [name for name in left_in(backend, playground) if name.startswith("check-")][:1]
    assert f"{playground}/{cluster} is left behind" in reason(found, "clean-up")
    assert "forbidden" in reason(found, "clean-up")


def test_read_only_server_fails_and_is_left_as_it_was(backend: Backend, playground: str) -> None:
    environment = {**user(backend, playground), "READ_ONLY": "true"}
    found = shown(check(*writing(playground), "--only", "write", environment=environment))
    assert found["exit_status"] == 1
    passed = {name for name, state in states(found).items() if state == "passed"}
    assert passed <= {"write.dry-run", "clean-up"}
    assert left_in(backend, playground) == []
