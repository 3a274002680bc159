"""The simulation as a backend: it lives in a thread of this process."""

import tempfile
import uuid
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from cnpg_mcp.demo.client import ApiError, until
from cnpg_mcp.demo.node import Postgres
from cnpg_mcp.demo.simulation import Options, Simulation
from test.contract.filling import fill
from test.controlplane import access
from test.controlplane.api import KubeClient
from test.controlplane.clusters import cluster
from test.controlplane.loop import LoopThread


class SimulatedBackend:
    """A simulated cluster, reached over HTTP like a real one."""

    def __init__(self, **options: object) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="cnpg-mcp-simulation-")
        self._loop = LoopThread("simulation")
        self._simulation = self._loop.call(lambda: Simulation(Options(**options)))
        self._loop.run(self._simulation.start())
        run, simulation = self._loop.run, self._simulation
        self.admin_kubeconfig = simulation.admin_kubeconfig(self._path("admin"))
        self.operator_stop = lambda: run(simulation.stop_operator())
        self.operator_start = lambda: run(simulation.start_operator())
        self.apiserver_stop = lambda: run(simulation.refuse())
        self.apiserver_start = lambda: run(simulation.listen())
        self.apiserver_pause = partial(self._loop.call, simulation.freeze)
        self.apiserver_resume = partial(self._loop.call, simulation.thaw)

    def close(self) -> None:
        """Ends the simulation."""
        self._loop.run(self._simulation.stop())
        self._loop.close()
        self._folder.cleanup()

    @property
    def mishaps(self) -> list[str]:
        """What went wrong inside node and operator."""
        return [*self._simulation.node.errors, *self._simulation.operator.errors]

    def create_namespace(self) -> str:
        """A new namespace with a name of its own."""
        name = f"t-{uuid.uuid4().hex[:8]}"
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        self._loop.run(self._simulation.api.create(body))
        return name

    def delete_namespace(self, name: str) -> None:
        """Asks for the namespace to go."""
        self._loop.run(self._simulation.api.delete("namespaces", None, name))

    def admin(self) -> KubeClient:
        """A client with all rights."""
        return KubeClient(self.admin_kubeconfig)

    def user(
        self,
        namespaces: Iterable[str] = (),
        *,
        cluster_facts: bool = False,
        without: Iterable[access.Dropped] = (),
    ) -> Path:
        """Kubeconfig of a new user with exactly the chart's rules."""
        user = f"user-{uuid.uuid4().hex[:8]}"
        spaces = tuple(namespaces)
        home = spaces[0] if spaces else "default"
        path = self._simulation.kubeconfig(self._path(user), user, namespace=home)
        grant = access.Grant(user, spaces, cluster_facts, frozenset(without))
        self._loop.run(access.give(self._simulation.api, path, grant))
        return path

    def postgres(self, namespace: str, cluster: str) -> Postgres:
        """What PostgreSQL has in a cluster."""
        return self._loop.call(lambda: self._simulation.postgres(namespace, cluster))

    def fill(self, namespace: str, count: int, labels: dict[str, str]) -> list[str]:
        """Creates clusters that look healthy."""
        return self._loop.run(fill(self._simulation.api, namespace, count, labels))

    def expire_continue_tokens(self) -> None:
        """Makes the API server forget its past."""
        self._loop.call(self._simulation.server.storage.forget_the_past)

    def wait_healthy(self) -> None:
        """Returns when a dry run is admitted."""
        self._loop.run(self._admitted())

    async def _admitted(self) -> None:
        async def answers() -> bool:
            try:
                await self._simulation.api.create(cluster("default", "probe"), dryRun="All")
            except ApiError:
                return False
            return True

        await until(answers, 60, lambda: "no dry run was admitted")

    def _path(self, user: str) -> Path:
        return Path(self._folder.name) / f"{user}.kubeconfig"
