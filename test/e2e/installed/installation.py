"""One installation of the chart, from `helm install` to `helm uninstall`."""

import asyncio
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from fastmcp.client.transports import StreamableHttpTransport

from test.auth.browser import Browser
from test.auth.oauth_client import OAuthClient, Tokens
from test.auth.providers.base import PERSON, SCOPES
from test.deploy.valuesets import merged
from test.e2e.desk import Desk
from test.e2e.installed.kubectl import Kubectl
from test.e2e.installed.surroundings import Surroundings
from test.e2e.room import passing_namespace
from test.e2e.waiting import until
from test.helm import CHART, Helm, Values, find_helm

RELEASE = "cnpg-mcp"
DEPLOYMENT = "deployment/cnpg-mcp-server"
PATHS = {"main": "/mcp", "test": "/test"}
READY = "180s"
ROUTED_SECONDS = 90
ONE_POD_SECONDS = 90
_RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}
_AUTHORITY = "authority"


class Installation:
    """The chart in a namespace of its own, at a host of its own.

    Args:
        around: what it finds in the cluster.
        namespace: where it is installed; it exists.
        folder: for what helm and kubectl write.
        values: of the chart, besides those that these surroundings need.
    """

    def __init__(
        self, around: Surroundings, namespace: str, folder: Path, values: Values | None = None
    ) -> None:
        self.around = around
        self.namespace = namespace
        self.host = f"mcp.{namespace}.test"
        self.base = f"https://{self.host}"
        self.folder = folder
        self.kubectl = Kubectl(around.kubectl.program, around.kubectl.kubeconfig, namespace)
        self.values = merged(self._needed(), values or {})
        self._helm = Helm(find_helm(), folder / "helm", around.kubectl.kubeconfig)

    def prepare(self) -> None:
        """What people make before they install: credentials, certificate, authority."""
        self.kubectl.run("label", "namespace", self.namespace, *_assigned(_RESTRICTED))
        self.kubectl.run("create", "secret", "generic", "cnpg-mcp", *self._credentials())
        self.kubectl.apply(
            self.around.tls("cnpg-mcp-tls", self.host),
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": _AUTHORITY},
                "data": {"ca.crt": self.around.outside.authority},
            },
        )

    def install(self) -> None:
        """Returns when the pod is ready and the Ingress controller has taken notice of it."""
        self._run("install", str(CHART), "--wait", f"--timeout={READY}")
        if self.values["ingress"].get("enabled", True):
            for path in self.paths:
                self.await_status(path, httpx.codes.UNAUTHORIZED)

    def upgrade(self, values: Values, patience: str = READY) -> None:
        """Changes values; returns when the new pods are ready.

        Raises:
            HelmRefused: they are not, after as long as `patience` says in Helm's way.
        """
        self.values = merged(self.values, values)
        self._run("upgrade", str(CHART), "--wait", f"--timeout={patience}")

    @property
    def paths(self) -> list[str]:
        """MCP paths that the Ingress serves by these values."""
        ingress = self.kubectl.json("ingress/cnpg-mcp-server")
        rules = ingress["spec"]["rules"][0]["http"]["paths"]
        return [rule["path"] for rule in rules if rule["path"] in PATHS.values()]

    def status(self, path: str, method: str = "POST", token: str = "") -> int:
        """How the public address answers a request, without a token or with one."""
        return asyncio.run(self._status(path, method, token))

    def await_status(self, path: str, status: int) -> None:
        """Waits until the public address answers so."""
        until(lambda: self.status(path) == status, ROUTED_SECONDS, f"{path} is answered {status}")

    def test(self) -> str:
        """`helm test`; what the doctors said."""
        try:
            return self._helm.run(
                "test", RELEASE, f"--namespace={self.namespace}", "--timeout=180s"
            )
        finally:
            self.doctors = self._doctors()

    def uninstall(self) -> None:
        """Returns when it is gone."""
        self._helm.run("uninstall", RELEASE, f"--namespace={self.namespace}", "--wait")

    def login(self, base: str | None = None) -> Tokens:
        """Signs a person in, by the browser, at the public address or at another one."""
        return asyncio.run(self._login(base or self.base))

    def provider_token(self, *scopes: str) -> str:
        """An access token of the provider, as the test server takes it."""
        return asyncio.run(self.around.provider.token(self.around.outside, *scopes or SCOPES))

    def desk(self, kind: str, token: str, base: str | None = None) -> Desk:
        """A client of `main` or `test`; use it as a context manager."""
        transport = StreamableHttpTransport(
            f"{base or self.base}{PATHS[kind]}",
            headers={"Authorization": f"Bearer {token}"},
            httpx_client_factory=self.around.outside.client,
        )
        return Desk(transport, self.logs)

    def logs(self) -> str:
        """What the containers have written."""
        return self.kubectl.run("logs", DEPLOYMENT, "--all-containers", "--tail=-1")

    @property
    def pod(self) -> Any:
        """The only pod that is not about to end, once there is no other and its containers are."""
        (only,) = until(self._only_pod, ONE_POD_SECONDS, "one pod, whose containers are started")
        return only

    def _only_pod(self) -> list[Any]:
        found = self.kubectl.json("pods", "--selector=app=cnpg-mcp-server")["items"]
        stay = [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]
        told = all(pod["status"].get("containerStatuses") for pod in stay)
        return stay if len(stay) == 1 and told else []

    async def _status(self, path: str, method: str, token: str) -> int:
        headers = {"Authorization": f"Bearer {token}"} if token else None
        async with self.around.outside.http(headers=headers) as http:
            return (await http.request(method, f"{self.base}{path}")).status_code

    async def _login(self, base: str) -> Tokens:
        outside = self.around.outside
        async with Browser(PERSON) as browser, outside.http() as http:
            await browser.http.aclose()
            browser.http = outside.http()
            client = OAuthClient(base, http, scope=" ".join(SCOPES))
            return await client.login(browser)

    def _run(self, verb: str, chart: str, *options: str) -> None:
        where = f"--namespace={self.namespace}"
        self._helm.run(verb, RELEASE, chart, where, *options, values=self.values)

    def _doctors(self) -> str:
        pods = self.kubectl.names("pods")
        return "".join(self.kubectl.run("logs", pod) for pod in sorted(pods) if "doctor" in pod)

    def _credentials(self) -> Iterator[str]:
        for name, value in self.around.provider.credentials.items():
            yield f"--from-literal={name}={value}"

    def _needed(self) -> dict[str, Any]:
        repository, _, tag = self.around.image.rpartition(":")
        hosts = [self.host, self.around.provider.host]
        return {
            "image": {"repository": repository, "tag": tag},
            "ingress": {"host": self.host},
            "hostAliases": [{"ip": self.around.outside.address, "hostnames": hosts}],
            "extraEnv": [{"name": "SSL_CERT_FILE", "value": "/etc/authority/ca.crt"}],
            "extraVolumes": [{"name": _AUTHORITY, "configMap": {"name": _AUTHORITY}}],
            "extraVolumeMounts": [{"name": _AUTHORITY, "mountPath": "/etc/authority"}],
            "settings": {"RATE_LIMIT": "100000/minute", "LOG_LEVEL": "DEBUG"},
        }


@contextmanager
def prepared(
    around: Surroundings, folder: Path, values: Values | None = None
) -> Iterator[Installation]:
    """A namespace with all that is made before installing; asked to go afterwards."""
    namespace = f"cnpg-mcp-e2e-{uuid.uuid4().hex[:8]}"
    with passing_namespace(around.admin, namespace):
        made = Installation(around, namespace, folder, values)
        made.prepare()
        yield made


def _assigned(labels: dict[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in labels.items()]
