"""A Kubernetes cluster with CloudNativePG in this process: API server, node and operator."""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cnpg_mcp.demo import planting
from cnpg_mcp.demo.kinds import CNPG_MANAGER, KubeObject
from cnpg_mcp.demo.kubernetes.access import MASTERS, User
from cnpg_mcp.demo.kubernetes.definitions import Definition
from cnpg_mcp.demo.kubernetes.http import HttpApi
from cnpg_mcp.demo.kubernetes.kubeconfig import write_kubeconfig
from cnpg_mcp.demo.kubernetes.local import LocalClient
from cnpg_mcp.demo.kubernetes.server import ApiServer
from cnpg_mcp.demo.loopback import LoopbackServer
from cnpg_mcp.demo.node import InMemory, Postgres, Simulator
from cnpg_mcp.demo.operator import Operator
from cnpg_mcp.demo.operator.admission import Webhooks
from cnpg_mcp.demo.operator.definitions import barman, definitions
from cnpg_mcp.demo.pace import AT_ONCE, Pace

STORAGE_CLASS: KubeObject = {
    "apiVersion": "storage.k8s.io/v1",
    "kind": "StorageClass",
    "metadata": {
        "name": "standard",
        "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
    },
    "provisioner": "simulation",
    "allowVolumeExpansion": True,
}
QUERIES = "cnpg-default-monitoring"
_STATUS_PATH = "/pg/status"
_LOOK_SECONDS, _QUIET_LOOKS, _PATIENCE_SECONDS = 0.05, 30, 60.0
"""So often without a write, nothing is under way: what is tried again by the clock takes longer.

Looks are counted, and not seconds: in a second in which this process stands still nobody writes.
"""


@dataclass(frozen=True)
class Options:
    """What a simulation has.

    `at_work`: whether node and operator act; else objects stay as they are put. `equipped`:
    whether CloudNativePG is installed. `databaserole`: whether it knows that kind.
    `queries`: whether the operator has monitoring queries for every Cluster, as most are installed.
    `barman`: whether the Barman Cloud plugin is there, with its kind.
    `retry_seconds`: after how long a failed Database or DatabaseRole is tried again.
    """

    pace: Pace = AT_ONCE
    at_work: bool = True
    equipped: bool = True
    databaserole: bool = True
    queries: bool = True
    barman: bool = False
    retry_seconds: float = 30


class Simulation:
    """One simulated cluster. Started and used from one event loop."""

    def __init__(self, options: Options = Options()) -> None:
        self._options = options
        self._instances = InMemory()
        self.webhooks = Webhooks(queries=QUERIES if options.queries else "")
        self._tokens: dict[str, User] = {}
        self._still: set[str] = set()
        self._reports: dict[str, KubeObject] = {}
        self.server = ApiServer(self._installed(), proxy=self._ask_pod)
        self.api = LocalClient(self.server)
        self._http = HttpApi(self.server, self._tokens)
        self._served = LoopbackServer(self._http)
        self.node = Simulator(
            LocalClient(self.server, "kubelet"),
            self._instances,
            retry_seconds=options.retry_seconds,
            pace=options.pace,
            ignored=self._still,
        )
        self.operator = Operator(
            LocalClient(self.server, "cloudnative-pg", agent=CNPG_MANAGER),
            self._instances.ask,
            pace=options.pace,
            plugins=(barman.PLUGIN,) if options.barman else (),
            ignored=self._still,
        )

    def _installed(self) -> Sequence[Definition]:
        options = self._options
        if not options.equipped:
            return ()
        admission = self.webhooks if options.at_work else None
        own = definitions(databaserole=options.databaserole, admission=admission)
        return (*own, barman.OBJECT_STORES) if options.barman else own

    # --- running ---

    async def start(self, port: int = 0) -> None:
        """Serves, and starts to act."""
        self._served.port = port
        await self._served.start()
        for name in ("default", "kube-system", "cnpg-system"):
            await self.api.apply(_namespace(name))
        await self.api.apply(STORAGE_CLASS)
        if self._options.at_work:
            await self.node.start()
            await self.operator.start()

    async def stop(self) -> None:
        """Ends everything; what was stored is forgotten."""
        if self._options.at_work:
            await self.operator.stop()
            await self.node.stop()
        await self._served.stop()

    async def listen(self) -> None:
        """Serves again, where it did."""
        await self._served.start()

    async def refuse(self) -> None:
        """Refuses connections; node and operator go on."""
        await self._served.stop()

    def freeze(self) -> None:
        """Takes requests and answers none."""
        self._http.open.clear()

    def thaw(self) -> None:
        """Answers again."""
        self._http.open.set()

    async def stop_operator(self) -> None:
        """Ends the operator; its webhooks stay registered, so that what they admit is refused."""
        await self.operator.stop()
        self.webhooks.answer = False

    async def start_operator(self) -> None:
        """Starts the operator again."""
        self.webhooks.answer = True
        await self.operator.start()

    # --- users ---

    @property
    def address(self) -> str:
        """Where the API server is."""
        return self._served.address

    def kubeconfig(
        self, path: Path, name: str, groups: Sequence[str] = (), *, namespace: str = "default"
    ) -> Path:
        """Writes the kubeconfig of a user who is known from now on."""
        token = secrets.token_urlsafe(24)
        self._tokens[token] = User(name, tuple(groups))
        return write_kubeconfig(path, self.address, token, namespace)

    def admin_kubeconfig(self, path: Path) -> Path:
        """Writes the kubeconfig of somebody with all rights."""
        return self.kubeconfig(path, "admin", (MASTERS,))

    # --- what is inside ---

    async def plant(self, situation: str) -> None:
        """Puts a recorded situation into a namespace that is let alone from then on.

        Where no operator was at work in it, none is here any more, once it is done with all else
        that there is.
        """
        self._still.add(planting.NAMESPACE)
        planted = planting.plant(self.server.storage, situation)
        self._reports = planted.reports
        if not planted.operator_ready:
            await self._finish()
            await self.stop_operator()

    async def _finish(self) -> None:
        """Returns when node and operator, in a hurry, have nothing left to do but to try again."""
        clock, storage = asyncio.get_running_loop().time, self.server.storage
        end = clock() + _PATIENCE_SECONDS
        with self._options.pace.hurried():
            seen, quiet = storage.revision, 0
            while quiet < _QUIET_LOOKS and clock() < end:
                await asyncio.sleep(_LOOK_SECONDS)
                quiet = quiet + 1 if storage.revision == seen else 0
                seen = storage.revision

    def postgres(self, namespace: str, cluster: str) -> Postgres:
        """The model of a running cluster's PostgreSQL."""
        return self.node.postgres(namespace, cluster)

    def _ask_pod(self, pod: KubeObject, path: str) -> KubeObject:
        """What a pod's instance manager answers through the API server's proxy."""
        if pod["metadata"]["namespace"] in self._still:
            return planting.answered(self._reports, pod["metadata"]["name"])
        report = self._instances.ask(pod["metadata"]["uid"])
        if not path.endswith(_STATUS_PATH) or report is None:
            raise planting.no_answer()
        return report


def _namespace(name: str) -> KubeObject:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
