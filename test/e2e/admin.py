"""The administrator of the cluster under test: arranges, and sees what really is there.

Uses the official synchronous client, so that every kind of kubeconfig works.
"""

import base64
import json
from dataclasses import dataclass
from typing import cast

from kubernetes import client, config
from kubernetes.stream import stream
from websocket import WebSocketConnectionClosedException

from cnpg_mcp.demo.client import MERGE_PATCH, ApiError
from cnpg_mcp.demo.kinds import BY_KIND, BY_PLURAL, KubeObject
from test.e2e.waiting import until

OPERATOR = "app.kubernetes.io/name=cloudnative-pg"
"""Label of the operator's Deployment, by upstream's manifest and chart alike."""

CREATED_FOR_A_CLUSTER = (
    "clusters",
    "databases",
    "databaseroles",
    "pods",
    "jobs",
    "persistentvolumeclaims",
    "secrets",
    "services",
)
ABSENT, CONFLICT = 404, 409
GONE_SECONDS = 150
READY_SECONDS = 90
EXEC_SECONDS = 30
REQUEST_SECONDS = 30


class CommandFailed(Exception):
    """A command in a pod ended with an error, or did not end; the message is its error output."""


@dataclass(frozen=True)
class Operator:
    """A Deployment of CloudNativePG's operator."""

    namespace: str
    name: str
    replicas: int
    labels: str
    """Selector of its pods."""


class Admin:
    """All rights at one API server."""

    def __init__(self, kubeconfig: str) -> None:
        self._kubeconfig = kubeconfig
        self.connection = client.Configuration()
        config.load_kube_config(config_file=kubeconfig, client_configuration=self.connection)
        self._api = client.ApiClient(self.connection)
        # `stream` bends its client to web sockets for the time of a call
        self._streams = client.CoreV1Api(client.ApiClient(self.connection))

    def twin(self) -> "Admin":
        """The same for another thread."""
        return Admin(self._kubeconfig)

    # --- the usual verbs; a collection is named by its plural

    def create(self, body: KubeObject, namespace: str | None = None) -> KubeObject:
        """Creates an object of a kind, or a subresource such as an issued token."""
        kind = BY_KIND[body["kind"]]
        whole = {"apiVersion": kind.api_version, **body}
        return self._request("POST", kind.path(namespace), whole)

    def get(self, plural: str, namespace: str | None, name: str) -> KubeObject:
        """One object."""
        return self._request("GET", BY_PLURAL[plural].path(namespace, name))

    def objects(
        self, plural: str, namespace: str | None = None, labels: str = ""
    ) -> list[KubeObject]:
        """All objects of a kind in a namespace or everywhere."""
        query = {"labelSelector": labels} if labels else {}
        found = self._request("GET", BY_PLURAL[plural].path(namespace), query=query)
        items: list[KubeObject] = found["items"]
        return items

    def patch(self, plural: str, namespace: str | None, name: str, change: KubeObject) -> None:
        """Merge patch of an object."""
        path = BY_PLURAL[plural].path(namespace, name)
        self._request("PATCH", path, change, content_type=MERGE_PATCH)

    def delete(self, plural: str, namespace: str | None, name: str) -> None:
        """Asks for an object to go."""
        self._request("DELETE", BY_PLURAL[plural].path(namespace, name))

    def _request(
        self,
        method: str,
        path: str,
        body: KubeObject | None = None,
        query: dict[str, str] | None = None,
        content_type: str = "application/json",
    ) -> KubeObject:
        """One request; the answer, or ``ApiError``."""
        request = self._api.param_serialize(
            method,
            path,
            query_params=list((query or {}).items()),
            header_params={"Accept": "application/json", "Content-Type": content_type},
            body=body,
            auth_settings=["BearerToken"],
        )
        response = self._api.call_api(*request, _request_timeout=REQUEST_SECONDS)
        parsed: KubeObject = json.loads(response.read())
        if response.status >= 300:
            raise ApiError(response.status, parsed)
        return parsed

    # --- namespaces

    def create_namespace(self, name: str) -> None:
        """A new namespace."""
        self.create({"kind": "Namespace", "metadata": {"name": name}})

    def remove_namespace(self, name: str) -> None:
        """The namespace and its volumes, gone when this returns."""
        for volume in self._volumes(name):
            policy = {"spec": {"persistentVolumeReclaimPolicy": "Delete"}}
            self.patch("persistentvolumes", None, volume, policy)
        self.delete("namespaces", None, name)
        until(lambda: not self._exists(name), GONE_SECONDS, f"namespace {name} is gone")
        until(lambda: not self._volumes(name), GONE_SECONDS, f"the volumes of {name} are gone")

    def contents(self, namespace: str) -> set[str]:
        """Kind and name of what a created cluster would leave traces in."""
        return {
            f"{plural}/{item['metadata']['name']}"
            for plural in CREATED_FOR_A_CLUSTER
            for item in self.objects(plural, namespace)
        }

    def _exists(self, namespace: str) -> bool:
        return any(item["metadata"]["name"] == namespace for item in self.objects("namespaces"))

    def _volumes(self, namespace: str) -> list[str]:
        return [
            volume["metadata"]["name"]
            for volume in self.objects("persistentvolumes")
            if volume["spec"].get("claimRef", {}).get("namespace") == namespace
        ]

    # --- what a namespace has

    def secret(self, namespace: str, name: str) -> dict[str, str]:
        """What a Secret holds; the server under test may not read it."""
        data = self.get("secrets", namespace, name)["data"]
        return {key: base64.b64decode(value).decode() for key, value in data.items()}

    def endpoints(self, namespace: str, service: str) -> list[str]:
        """Ready addresses that a Service leads to."""
        labels = f"kubernetes.io/service-name={service}"
        return [
            address
            for part in self.objects("endpointslices", namespace, labels)
            for endpoint in part["endpoints"] or ()
            if endpoint["conditions"].get("ready")
            for address in endpoint["addresses"]
        ]

    # --- users

    def token(self, namespace: str, account: str, seconds: int) -> str:
        """A token of a ServiceAccount that expires by itself."""
        path = BY_PLURAL["serviceaccounts"].path(namespace, account, "token")
        request: KubeObject = {"spec": {"expirationSeconds": seconds}}
        return cast("str", self._request("POST", path, request)["status"]["token"])

    def allowed(self, user: str, attributes: KubeObject) -> bool:
        """Whether the API server lets the user do this."""
        review: KubeObject = {
            "kind": "SubjectAccessReview",
            "spec": {"user": user, "resourceAttributes": attributes},
        }
        return bool(self.create(review)["status"]["allowed"])

    # --- commands in pods

    def execute(self, namespace: str, pod: str, command: list[str], given: str = "") -> str:
        """Output of a command in the PostgreSQL container, to which one line is given.

        Raises:
            CommandFailed: it failed.
        """
        shell = stream(
            self._streams.connect_get_namespaced_pod_exec,
            pod,
            namespace,
            container="postgres",
            command=command,
            stdin=True,
            stdout=True,
            stderr=True,
            tty=False,
            _preload_content=False,
        )
        shell.write_stdin(f"{given}\n")
        try:
            shell.run_forever(timeout=EXEC_SECONDS)
        except WebSocketConnectionClosedException:  # ended while the end was being acknowledged
            shell.close()
        if shell.returncode != 0:
            raise CommandFailed(shell.read_stderr())
        return cast("str", shell.read_stdout())

    # --- the operator

    def operators(self) -> list[Operator]:
        """Every Deployment of the operator."""
        return [
            Operator(
                namespace=found["metadata"]["namespace"],
                name=found["metadata"]["name"],
                replicas=found["spec"]["replicas"],
                labels=",".join(
                    f"{key}={value}"
                    for key, value in found["spec"]["selector"]["matchLabels"].items()
                ),
            )
            for found in self.objects("deployments", labels=OPERATOR)
        ]

    def scale_operator(self, operator: Operator, replicas: int) -> None:
        """So many pods, all ready, when this returns; one that is ending still admits objects."""
        change = {"spec": {"replicas": replicas}}
        self.patch("deployments", operator.namespace, operator.name, change)
        until(
            lambda: self._ready_pods(operator) == [True] * replicas,
            READY_SECONDS,
            f"{replicas} ready pods of {operator.namespace}/{operator.name}",
        )

    def _ready_pods(self, operator: Operator) -> list[bool]:
        """Of each pod of the operator, whether it is ready."""
        pods = self.objects("pods", operator.namespace, operator.labels)
        return [
            any(
                condition["type"] == "Ready" and condition["status"] == "True"
                for condition in pod["status"].get("conditions", ())
            )
            for pod in pods
        ]
