"""Control planes where the operator's stand-in works: a real API server, and the simulation."""

from cnpg_mcp.demo.kinds import BY_PLURAL
from cnpg_mcp.demo.node import InMemory, Simulator
from cnpg_mcp.demo.operator import Operator
from test.contract.simulated import SimulatedBackend
from test.controlplane.api import KubeClient
from test.controlplane.plane import Plane


class StandInPlane(Plane):
    """Real etcd and kube-apiserver; what works on the objects is the demo's."""

    def __init__(self) -> None:
        super().__init__(operator=False)

    @property
    def operator(self) -> Operator:
        """The stand-in."""
        return self._operator

    def operator_start(self) -> None:
        """Starts the stand-in."""
        self._loop.run(self._operator.start())

    def operator_stop(self) -> None:
        """Ends the stand-in; no webhook refuses writes meanwhile."""
        self._loop.run(self._operator.stop())

    def _start_parts(self) -> None:
        super()._start_parts()
        instances = InMemory()
        self._simulator = Simulator(self._api, instances, retry_seconds=self._retry_seconds)
        # each watches more kinds than half a pool has connections
        self._client = KubeClient(self.admin_kubeconfig)
        self._operator = Operator(self._loop.run(self._client.__aenter__()), instances.ask)
        self._loop.run(self._simulator.start())
        self.operator_start()

    def _end(self, *, keep_logs: bool) -> None:
        if hasattr(self, "_operator"):
            self.operator_stop()
            self._loop.run(self._client.__aexit__(None, None, None))
        super()._end(keep_logs=keep_logs)


class SimulatedPlane(SimulatedBackend):
    """The simulation, with what the tests of the control plane ask a plane for."""

    @property
    def simulator(self) -> Simulator:
        """The simulated node."""
        return self._simulation.node

    @property
    def operator(self) -> Operator:
        """The stand-in."""
        return self._simulation.operator

    def set_count(self, namespace: str, name: str, count: int) -> None:
        """Changes how many instances a cluster wants, past the webhook."""
        self._loop.call(lambda: self._store_count(namespace, name, count))

    def _store_count(self, namespace: str, name: str, count: int) -> None:
        storage, kind = self._simulation.server.storage, BY_PLURAL["clusters"]
        found = storage.get(kind, namespace, name)
        assert found is not None
        meta = {**found["metadata"], "generation": found["metadata"]["generation"] + 1}
        storage.put(
            kind, {**found, "metadata": meta, "spec": {**found["spec"], "instances": count}}
        )

    def stop(self) -> None:
        """Ends it."""
        self.close()
