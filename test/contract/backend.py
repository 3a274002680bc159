"""What the contract tests need of a Kubernetes cluster, and the real control plane as one.

Tests know the protocol alone, so they run unchanged against anything else that fulfils it.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from aiohttp import ClientError

from cnpg_mcp.demo.node import Postgres
from test.contract.filling import fill
from test.controlplane import installation
from test.controlplane.access import Dropped
from test.controlplane.api import ApiError, KubeClient, until
from test.controlplane.clusters import cluster
from test.controlplane.loop import LoopThread
from test.controlplane.plane import Plane


class Backend(Protocol):
    """A Kubernetes cluster with CloudNativePG, reached by kubeconfig. All calls are synchronous.

    It enforces RBAC. Failures inside a database cluster are asked for by the annotations of
    `src/cnpg_mcp/demo/node/injection.py`.
    """

    admin_kubeconfig: Path
    """Of somebody with all rights."""

    def create_namespace(self) -> str:
        """A new namespace with a name of its own."""

    def delete_namespace(self, name: str) -> None:
        """Asks for the namespace to go."""

    def admin(self) -> KubeClient:
        """A client with all rights, to arrange and to judge; an async context manager."""

    def user(
        self,
        namespaces: Iterable[str] = (),
        *,
        cluster_facts: bool = False,
        without: Iterable[Dropped] = (),
    ) -> Path:
        """Kubeconfig of a new user with the chart's Role in the namespaces, honoured by now.

        The context's namespace is the first of them. `cluster_facts` adds the chart's ClusterRole;
        `without` leaves out (resource, verb) pairs.
        """

    def postgres(self, namespace: str, cluster: str) -> Postgres:
        """What PostgreSQL has in a cluster: to judge, or to change by hand."""

    def fill(self, namespace: str, count: int, labels: dict[str, str]) -> list[str]:
        """Makes so many clusters that look healthy, quickly; their names. Nothing runs them."""

    def operator_stop(self) -> None:
        """Ends the operator; its webhooks stay registered."""

    def operator_start(self) -> None:
        """Starts the operator; returns when writes are admitted."""

    def apiserver_stop(self) -> None:
        """Ends the API server: connections are refused."""

    def apiserver_start(self) -> None:
        """Starts the API server at the address it had."""

    def apiserver_pause(self) -> None:
        """Freezes the API server: it accepts connections and does not answer."""

    def apiserver_resume(self) -> None:
        """Lets it answer again."""

    def expire_continue_tokens(self) -> None:
        """Makes the API server forget what lists looked like before."""

    def wait_healthy(self) -> None:
        """Returns when the API server and whatever admits writes answer."""


class RealBackend:
    """A real API server and etcd; where the plane has them, the real operator and a node."""

    def __init__(self, plane: Plane) -> None:
        self._plane = plane
        self.admin_kubeconfig = plane.admin_kubeconfig
        self.create_namespace = plane.create_namespace
        self.delete_namespace = plane.delete_namespace
        self.user = plane.restricted_kubeconfig
        self.postgres = plane.postgres
        self.operator_stop = plane.operator_stop
        self.operator_start = plane.operator_start
        self.apiserver_stop = plane.apiserver_stop
        self.apiserver_start = plane.apiserver_start
        self.apiserver_pause = plane.apiserver_pause
        self.apiserver_resume = plane.apiserver_resume

    def admin(self) -> KubeClient:
        """A client with all rights."""
        return KubeClient(self._plane.admin_kubeconfig)

    def fill(self, namespace: str, count: int, labels: dict[str, str]) -> list[str]:
        """Creates the objects and writes the status that the operator would."""
        return _in_a_loop(self._fill(namespace, count, labels))

    async def _fill(self, namespace: str, count: int, labels: dict[str, str]) -> list[str]:
        async with self.admin() as admin:
            return await fill(admin, namespace, count, labels)

    def expire_continue_tokens(self) -> None:
        """Compacts etcd, and ends the API server's own memory of earlier lists with it."""
        self.delete_namespace(self.create_namespace())  # what was listed is older than the cut
        self._plane.compact()
        self.apiserver_stop()
        self.apiserver_start()

    def wait_healthy(self) -> None:
        """Waits until a dry run is admitted."""
        _in_a_loop(self._admitted())

    async def _admitted(self) -> None:
        async with self.admin() as admin:

            async def answers() -> bool:
                try:
                    await admin.create(cluster("default", "probe"), dryRun="All")
                except (ApiError, ClientError):
                    return False
                return True

            await until(answers, 60, lambda: "no dry run was admitted")


class PlaneWithoutCloudNativePG(Plane):
    """A control plane on which the operator was never installed."""

    def _install(self) -> None:
        """Leaves the CRDs out."""
        self._loop.run(installation.install_surroundings(self._api))


@contextmanager
def operator_gone(backend: Backend) -> Iterator[None]:
    """No operator inside the block."""
    backend.operator_stop()
    try:
        yield
    finally:
        backend.operator_start()


@contextmanager
def apiserver_gone(backend: Backend) -> Iterator[None]:
    """No API server inside the block."""
    backend.apiserver_stop()
    try:
        yield
    finally:
        backend.apiserver_start()


@contextmanager
def apiserver_frozen(backend: Backend) -> Iterator[None]:
    """An API server that does not answer inside the block."""
    backend.apiserver_pause()
    try:
        yield
    finally:
        backend.apiserver_resume()


def _in_a_loop(work):
    loop = LoopThread("contract")
    try:
        return loop.run(work)
    finally:
        loop.close()
