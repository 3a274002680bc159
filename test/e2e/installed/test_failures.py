"""Containers and pods that end: service comes back by itself, and nobody signs in again."""

import os
import shlex
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from test.e2e.desk import admits
from test.e2e.installed.installation import Installation, prepared
from test.e2e.installed.signed_in import SignedIn, sign_in
from test.e2e.installed.surroundings import Surroundings
from test.e2e.waiting import until
from test.helm import HelmRefused
from test.tiers import cannot_run

UNAUTHORIZED = 401
END = "import os, signal; os.kill(1, signal.SIGTERM)"
BACK_SECONDS = 90
TOO_LITTLE = "24Mi"
"""Memory in which no Python server starts."""
PAUSE, RESUME = "CNPG_MCP_PAUSE_API", "CNPG_MCP_RESUME_API"
"""Environment variables: commands that freeze the cluster's API server, and let it go on."""
AWAY_SECONDS = 20
KUBE_TIMEOUT = 5
"""Seconds of one call to the API server: it is away only a little longer than `AWAY_SECONDS`."""


@pytest.fixture(scope="module")
def serving(
    ready_around: Surroundings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """An installation that these tests may break."""
    values = {"settings": {"KUBE_TIMEOUT": KUBE_TIMEOUT}}
    with prepared(ready_around, tmp_path_factory.mktemp("serving"), values) as installation:
        installation.install()
        yield installation


@pytest.fixture(scope="module")
def person(serving: Installation) -> SignedIn:
    """Somebody who has signed in before anything happened."""
    return sign_in(serving)


@pytest.mark.parametrize("container", ["mcp-server", "mcp-test-sidecar"])
def test_container_that_ends_is_started_again_and_no_login_is_lost(
    serving: Installation, person: SignedIn, container: str
) -> None:
    before = status(serving, container)["restartCount"]
    name = serving.pod["metadata"]["name"]
    serving.kubectl.run("exec", name, f"--container={container}", "--", "python", "-c", END)
    until(
        lambda: status(serving, container)["restartCount"] > before,
        BACK_SECONDS,
        f"{container} is started again",
    )
    await_service(serving)
    person.proves_itself()


def test_pod_that_is_deleted_is_replaced_and_no_login_is_lost(
    serving: Installation, person: SignedIn
) -> None:
    before = serving.pod["metadata"]["name"]
    serving.kubectl.run("delete", "pod", before, "--wait")
    await_service(serving)
    assert serving.pod["metadata"]["name"] != before
    person.proves_itself()


def test_test_server_that_cannot_start_is_seen_and_switching_it_off_brings_mcp_back(
    ready_around: Surroundings, tmp_path: Path
) -> None:
    with prepared(ready_around, tmp_path) as installation:
        installation.install()
        person = sign_in(installation)
        memory = {"requests": {"memory": TOO_LITTLE}, "limits": {"memory": TOO_LITTLE}}
        with suppress(HelmRefused):  # it counts as ready for the moment until it ends
            installation.upgrade({"testSidecar": {"resources": memory}}, patience="30s")
        until(
            lambda: waits_for_restart(installation), BACK_SECONDS, "the sidecar crashes in a loop"
        )
        until(
            lambda: status(installation, "mcp-server")["ready"], BACK_SECONDS, "/mcp itself is well"
        )
        until(lambda: not endpoints(installation), BACK_SECONDS, "/mcp leaves its Service")
        installation.upgrade({"testSidecar": {"enabled": False}})
        installation.await_status("/mcp", UNAUTHORIZED)
        person.proves_itself()


def test_api_server_that_is_away_is_said_to_be_and_is_found_again(
    serving: Installation, person: SignedIn
) -> None:
    with serving.desk("main", person.tokens.access) as desk:
        with api_server_away():
            start = time.monotonic()
            codes = set()
            while time.monotonic() - start < AWAY_SECONDS:
                codes.add(desk.refused("list_postgres_clusters").code)
        assert codes
        assert codes <= {"unavailable", "timeout"}
        await_service(serving)
        person.proves_itself()
        # the operator loses its lease meanwhile, and is started again
        until(lambda: admits(desk), BACK_SECONDS, "the operator's webhook admits again")


@contextmanager
def api_server_away() -> Iterator[None]:
    """The API server answers nobody; it goes on when this ends."""
    commands = [shlex.split(os.environ.get(name, "")) for name in (PAUSE, RESUME)]
    if not all(commands):
        cannot_run("installed", f"{PAUSE} and {RESUME} are not set: commands that do so")
    pause, resume = commands
    try:
        subprocess.run(pause, check=True)
        yield
    finally:
        subprocess.run(resume, check=True)


def await_service(installation: Installation) -> None:
    """Returns when the pod is ready and both servers are reached by the Ingress."""
    until(lambda: is_ready(installation), BACK_SECONDS, "one pod, and ready")
    for path in installation.paths:
        installation.await_status(path, UNAUTHORIZED)


def is_ready(installation: Installation) -> bool:
    """Whether there is one pod, and every container of it is ready."""
    pods = installation.kubectl.json("pods", "--selector=app=cnpg-mcp-server")["items"]
    found = [pod["status"].get("containerStatuses", ()) for pod in pods]
    return len(found) == 1 and bool(found[0]) and all(each["ready"] for each in found[0])


def waits_for_restart(installation: Installation) -> bool:
    """Whether the sidecar has ended so often that it is started again only after a while."""
    state = status(installation, "mcp-test-sidecar")["state"]
    return bool(state.get("waiting", {}).get("reason") == "CrashLoopBackOff")


def endpoints(installation: Installation) -> list[str]:
    """Where the Service of `/mcp` leads to."""
    return installation.around.admin.endpoints(installation.namespace, "cnpg-mcp-main")


def status(installation: Installation, container: str) -> Any:
    """What the pod says of a container."""
    found = installation.pod["status"].get("containerStatuses", ())
    (only,) = [each for each in found if each["name"] == container]
    return only
