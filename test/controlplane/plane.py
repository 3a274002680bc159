"""A control plane of real programs: etcd, kube-apiserver, the operator, and a simulated node.

Everything listens on loopback, lives in one temporary folder and ends with this process. All
methods are synchronous and may be called from any thread or test loop.
"""

import atexit
import json
import shutil
import ssl
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography.hazmat.primitives.asymmetric import ec

from cnpg_mcp.demo.node import OnLoopback, Postgres, Simulator
from test.controlplane import access, binaries, installation, pki
from test.controlplane.api import KubeClient
from test.controlplane.loop import LoopThread
from test.controlplane.process import Child, free_ports

START_SECONDS = 90


class PlaneFailed(RuntimeError):
    """A program did not come up; the text has the ends of the logs."""


class Plane:
    """One control plane. ``start`` it or use it as a context manager."""

    def __init__(
        self,
        *,
        cnpg_version: str = binaries.CNPG_VERSION,
        operator: bool = True,
        simulator: bool | None = None,
        retry_seconds: float = 30,
    ) -> None:
        self.cnpg_version = cnpg_version
        self.timings: dict[str, float] = {}
        self._with_operator = operator
        self._with_simulator = operator if simulator is None else simulator
        self._retry_seconds = retry_seconds
        self._started = False

    # --- the whole ---

    def start(self) -> Self:
        """Starts everything; returns when a dry run passes the webhooks.

        Raises:
            binaries.Unavailable: this machine cannot run it.
            PlaneFailed: a program did not come up.
        """
        self.binaries = binaries.find(self.cnpg_version)
        self.folder = Path(tempfile.mkdtemp(prefix="cnpg-mcp-plane-"))
        self._loop = LoopThread("controlplane")
        self._children = {
            name: Child(name, self.folder) for name in ("etcd", "apiserver", "operator")
        }
        self._started = True
        atexit.register(self.stop)
        try:
            self._start_parts()
        except BaseException as error:
            logs = self.logs()
            self._end(keep_logs=True)
            if isinstance(error, Exception):
                raise PlaneFailed(f"{error!r}; logs in {self.folder}\n{logs}") from error
            raise
        return self

    def stop(self) -> None:
        """Ends every program and removes the state. Harmless when called again."""
        if self._started:
            self._end(keep_logs=False)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def logs(self) -> str:
        """The end of every program's log."""
        return "\n".join(f"--- {each.log}\n{each.tail()}" for each in self._children.values())

    def _start_parts(self) -> None:
        self._ports = dict(
            zip(("etcd", "peer", "api", "webhook", "metrics"), free_ports(5), strict=True)
        )
        self._make_keys()
        self._timed("etcd", self._start_etcd)
        self._timed("apiserver", self.apiserver_start)
        self._api = self._loop.run(KubeClient(self.admin_kubeconfig).__aenter__())
        self._timed("crds", self._install)
        if self._with_operator:
            self._timed("operator", self.operator_start)
        if self._with_simulator:
            self._simulator = Simulator(self._api, OnLoopback(), retry_seconds=self._retry_seconds)
            self._timed("simulator", lambda: self._loop.run(self._simulator.start()))

    def _end(self, *, keep_logs: bool) -> None:
        self._started = False
        atexit.unregister(self.stop)
        self._children["operator"].stop()
        if hasattr(self, "_simulator"):
            self._loop.run(self._simulator.stop())
        if hasattr(self, "_api"):
            self._loop.run(self._api.__aexit__(None, None, None))
        for name in ("apiserver", "etcd"):
            self._children[name].kill()
        self._loop.close()
        _remove(self.folder, keep_logs=keep_logs)

    def _timed(self, what: str, act: Callable[[], object]) -> None:
        start = time.monotonic()
        act()
        self.timings[what] = round(time.monotonic() - start, 2)

    # --- users ---

    @property
    def server(self) -> str:
        """The API server's address."""
        return f"https://127.0.0.1:{self._ports['api']}"

    def restricted_kubeconfig(
        self,
        namespaces: Iterable[str] = (),
        *,
        cluster_facts: bool = False,
        without: Iterable[access.Dropped] = (),
    ) -> Path:
        """A new user with exactly the chart's rules, ready when this returns.

        Args:
            namespaces: where the user has the Role; none gives a user without any right.
            cluster_facts: whether the user also has the optional ClusterRole.
            without: (resource, verb) pairs to leave out of both.
        """
        user = f"user-{uuid.uuid4().hex[:8]}"
        spaces = tuple(namespaces)
        path = self._kubeconfig(user, namespace=spaces[0] if spaces else "default")
        grant = access.Grant(user, spaces, cluster_facts, frozenset(without))
        self._loop.run(access.give(self._api, path, grant))
        return path

    def _kubeconfig(
        self, user: str, groups: tuple[str, ...] = (), namespace: str = "default"
    ) -> Path:
        pair = self._authority.issue(user, groups)
        path = self.folder / f"{user}.kubeconfig"
        return pki.write_kubeconfig(path, self.server, self._authority, pair, namespace)

    # --- namespaces ---

    def create_namespace(self, prefix: str = "t") -> str:
        """A new namespace with a name of its own."""
        name = f"{prefix}-{uuid.uuid4().hex[:8]}"
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        self._loop.run(self._api.create(body))
        return name

    def delete_namespace(self, name: str) -> None:
        """Asks for the namespace to go; the simulator empties it afterwards."""
        self._loop.run(self._api.delete("namespaces", None, name))

    # --- the simulated node ---

    @property
    def simulator(self) -> Simulator:
        """The simulated node."""
        return self._simulator

    def postgres(self, namespace: str, cluster: str) -> Postgres:
        """What PostgreSQL has in a cluster: read as the judge, or changed by hand."""
        return self._simulator.postgres(namespace, cluster)

    # --- the operator ---

    def operator_start(self) -> None:
        """Starts the operator and waits until its webhooks admit."""
        home = self.folder / "operator"
        (home / "operator").mkdir(parents=True, exist_ok=True)
        own = home / "operator" / f"manager_{binaries.ARCH}"  # it hashes itself under this name
        if not own.exists():
            own.symlink_to(self.binaries.operator)
        self._spawn(
            "operator",
            self.binaries.operator,
            "controller",
            f"--webhook-port={self._ports['webhook']}",
            f"--metrics-bind-address=127.0.0.1:{self._ports['metrics']}",
            "--log-level=info",
            environment={
                "KUBECONFIG": str(self.admin_kubeconfig),
                "WEBHOOK_CERT_DIR": str(self._certificates),
            },
        )
        self._wait_http("operator", f"https://127.0.0.1:{self._ports['webhook']}/readyz")
        webhook = self._ports["webhook"]
        self._loop.run(installation.install_webhooks(self._api, self._authority.pem, webhook))
        self._show_operator(running=True)

    def operator_stop(self) -> None:
        """Ends the operator. Its webhooks stay registered: every write they admit is refused."""
        self._children["operator"].stop()
        self._show_operator(running=False)

    def _show_operator(self, *, running: bool) -> None:
        shown = installation.show_operator(self._api, self.cnpg_version, running=running)
        self._loop.run(shown)

    # --- the API server ---

    def apiserver_start(self) -> None:
        """Starts the API server, on the same port every time."""
        keys = self.folder
        self._spawn(
            "apiserver",
            self.binaries.apiserver,
            f"--etcd-servers=http://127.0.0.1:{self._ports['etcd']}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            f"--secure-port={self._ports['api']}",
            "--endpoint-reconciler-type=none",
            "--service-cluster-ip-range=10.97.0.0/16",
            f"--tls-cert-file={self._serving[0]}",
            f"--tls-private-key-file={self._serving[1]}",
            f"--client-ca-file={self._authority.path}",
            "--authorization-mode=RBAC",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={keys / 'sa.key'}",
            f"--service-account-signing-key-file={keys / 'sa.key'}",
            "--allow-privileged",
            "--shutdown-delay-duration=0s",
        )
        self._wait_http("apiserver", f"{self.server}/readyz")

    def apiserver_stop(self) -> None:
        """Ends the API server at once; connections are refused from then on."""
        self._children["apiserver"].kill()

    def apiserver_pause(self) -> None:
        """Freezes the API server: connections open, and nothing answers."""
        self._children["apiserver"].pause()

    def apiserver_resume(self) -> None:
        """Lets a frozen API server answer again."""
        self._children["apiserver"].resume()

    def compact(self) -> None:
        """Forgets all past revisions: continue tokens given before expire."""
        at = json.loads(self._etcd("kv/range", {"key": "AA=="}))["header"]["revision"]
        self._etcd("kv/compaction", {"revision": at, "physical": True})

    def _etcd(self, method: str, body: dict[str, object]) -> bytes:
        """One call to etcd's JSON gateway."""
        url = f"http://127.0.0.1:{self._ports['etcd']}/v3/{method}"
        request = urllib.request.Request(url, json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - loopback
            return bytes(answer.read())

    # --- parts of start ---

    def _make_keys(self) -> None:
        self._authority = pki.Authority(self.folder)
        self._serving = self._authority.issue_files("serving", "kube-apiserver")
        service_accounts = pki.key_pem(ec.generate_private_key(ec.SECP256R1()))
        pki.write_private(self.folder / "sa.key", service_accounts)
        self._certificates = self.folder / "webhook"
        self._certificates.mkdir()
        certificate, key = self._authority.issue("cnpg-webhook")
        (self._certificates / "apiserver.crt").write_bytes(certificate)
        pki.write_private(self._certificates / "apiserver.key", key)
        self.admin_kubeconfig = self._kubeconfig("admin", ("system:masters",))
        self._context = ssl.create_default_context(cafile=str(self._authority.path))

    def _start_etcd(self) -> None:
        client, peer = (f"http://127.0.0.1:{self._ports[name]}" for name in ("etcd", "peer"))
        self._spawn(
            "etcd",
            self.binaries.etcd,
            f"--data-dir={self.folder / 'etcd/data'}",
            "--unsafe-no-fsync",
            "--log-level=warn",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
        )
        self._wait_http("etcd", f"{client}/health")

    def _install(self) -> None:
        crds = installation.read_crds(self.binaries.crds)
        self._loop.run(installation.install_crds(self._api, crds))
        self._loop.run(installation.install_surroundings(self._api))

    def _spawn(
        self, name: str, program: Path, *arguments: str, environment: dict[str, str] | None = None
    ) -> None:
        """Starts a program in a folder of its own.

        From the thread that lives as long as the plane: a program dies with the thread that
        started it, and a test may call from a thread that ends.
        """
        home = self.folder / name
        home.mkdir(exist_ok=True)
        child = self._children[name]
        start = partial(child.start, program, *arguments, cwd=home, environment=environment)
        self._loop.call(start)

    def _wait_http(self, name: str, url: str) -> None:
        """Until the program answers 200; an end of the program ends the wait."""
        deadline = time.monotonic() + START_SECONDS
        while not self._answers(url):
            if not self._children[name].running:
                raise PlaneFailed(f"{name} ended")
            if time.monotonic() > deadline:
                raise PlaneFailed(f"{name} did not answer in {START_SECONDS} s")
            time.sleep(0.05)

    def _answers(self, url: str) -> bool:
        try:
            with urllib.request.urlopen(url, timeout=2, context=self._context) as response:  # noqa: S310 - loopback
                return bool(response.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def _remove(folder: Path, *, keep_logs: bool) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif not (keep_logs and path.suffix == ".log"):
            path.unlink()
    if not keep_logs:
        folder.rmdir()
