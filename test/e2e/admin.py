"""The administrator of the cluster under test: arranges, and sees what really is there.

Uses the official synchronous client, so that every kind of kubeconfig works.
"""

from collections.abc import Iterator
from typing import Any, Protocol

from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from kubernetes.stream import stream

from test.e2e.waiting import until

KubeObject = dict[str, Any]

GROUP, VERSION = "postgresql.cnpg.io", "v1"
KINDS = {"clusters": "Cluster", "databases": "Database", "databaseroles": "DatabaseRole"}
OPERATOR = "app.kubernetes.io/name=cloudnative-pg"
"""Label of the operator's Deployment, by upstream's manifest and chart alike."""

ABSENT = 404
GONE_SECONDS = 150
READY_SECONDS = 90
EXEC_SECONDS = 30


class CommandFailed(Exception):
    """A command in a pod ended with an error, or did not end; the message is its error output."""


class _Named(Protocol):
    """An object of the typed client."""

    metadata: Any


class Admin:
    """All rights at one API server."""

    def __init__(self, kubeconfig: str) -> None:
        self.connection = client.Configuration()
        config.load_kube_config(config_file=kubeconfig, client_configuration=self.connection)
        api = client.ApiClient(self.connection)
        self.core = client.CoreV1Api(api)
        self.apps = client.AppsV1Api(api)
        self.rbac = client.RbacAuthorizationV1Api(api)
        self._authorization = client.AuthorizationV1Api(api)
        self._discovery = client.DiscoveryV1Api(api)
        self._custom = client.CustomObjectsApi(api)
        # `stream` bends its client to web sockets for the time of a call
        self._streams = client.CoreV1Api(client.ApiClient(self.connection))

    # --- namespaces

    def create_namespace(self, name: str) -> None:
        """A new namespace."""
        self.core.create_namespace({"metadata": {"name": name}})

    def remove_namespace(self, name: str) -> None:
        """The namespace and its volumes, gone when this returns."""
        for volume in self._volumes(name):
            policy = {"spec": {"persistentVolumeReclaimPolicy": "Delete"}}
            self.core.patch_persistent_volume(volume, policy)
        self.core.delete_namespace(name)
        until(lambda: not self._exists(name), GONE_SECONDS, f"namespace {name} is gone")
        until(lambda: not self._volumes(name), GONE_SECONDS, f"the volumes of {name} are gone")

    def contents(self, namespace: str) -> set[str]:
        """Kind and name of what a created cluster would leave traces in."""
        core = self.core
        lists = (
            ("Pod", core.list_namespaced_pod),
            ("PersistentVolumeClaim", core.list_namespaced_persistent_volume_claim),
            ("Secret", core.list_namespaced_secret),
            ("Service", core.list_namespaced_service),
        )
        native = {f"{kind} {name}" for kind, read in lists for name in _names(read(namespace))}
        declared = {
            f"{KINDS[plural]} {item['metadata']['name']}"
            for plural in KINDS
            for item in self.objects(plural, namespace)
        }
        return native | declared

    def endpoints(self, namespace: str, service: str) -> list[str]:
        """Addresses that a Service leads to."""
        found = self._discovery.list_namespaced_endpoint_slice(
            namespace, label_selector=f"kubernetes.io/service-name={service}"
        )
        return [
            address
            for part in found.items
            for endpoint in part.endpoints or ()
            for address in endpoint.addresses
        ]

    def _exists(self, namespace: str) -> bool:
        return namespace in set(_names(self.core.list_namespace()))

    def _volumes(self, namespace: str) -> list[str]:
        return [
            volume.metadata.name
            for volume in self.core.list_persistent_volume().items
            if volume.spec.claim_ref and volume.spec.claim_ref.namespace == namespace
        ]

    # --- CloudNativePG's objects, by plural

    def create(self, plural: str, namespace: str, name: str, spec: KubeObject) -> KubeObject:
        """Creates an object."""
        body = {
            "apiVersion": f"{GROUP}/{VERSION}",
            "kind": KINDS[plural],
            "metadata": {"name": name},
            "spec": spec,
        }
        made: KubeObject = self._custom.create_namespaced_custom_object(
            GROUP, VERSION, namespace, plural, body
        )
        return made

    def patch(self, plural: str, namespace: str, name: str, change: KubeObject) -> None:
        """Merge patch of an object."""
        self._custom.patch_namespaced_custom_object(
            GROUP,
            VERSION,
            namespace,
            plural,
            name,
            change,
            _content_type="application/merge-patch+json",
        )

    def delete(self, plural: str, namespace: str, name: str) -> None:
        """Asks for an object to go."""
        self._custom.delete_namespaced_custom_object(GROUP, VERSION, namespace, plural, name)

    def get(self, plural: str, namespace: str, name: str) -> KubeObject:
        """One object."""
        found: KubeObject = self._custom.get_namespaced_custom_object(
            GROUP, VERSION, namespace, plural, name
        )
        return found

    def objects(self, plural: str, namespace: str) -> list[KubeObject]:
        """All objects of a kind in a namespace; none where the kind is not served."""
        try:
            found = self._custom.list_namespaced_custom_object(GROUP, VERSION, namespace, plural)
        except ApiException as error:
            if error.status == ABSENT:
                return []
            raise
        items: list[KubeObject] = found["items"]
        return items

    # --- users

    def allowed(self, user: str, attributes: KubeObject) -> bool:
        """Whether the API server lets the user do this."""
        review = {"spec": {"user": user, "resourceAttributes": attributes}}
        answer = self._authorization.create_subject_access_review(review)
        return bool(answer.status.allowed)

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
        shell.run_forever(timeout=EXEC_SECONDS)
        if shell.returncode != 0:
            raise CommandFailed(shell.read_stderr())
        output: str = shell.read_stdout()
        return output

    # --- the operator

    def operators(self) -> list[tuple[str, str, int]]:
        """Namespace, name and replicas of every Deployment of the operator."""
        found = self.apps.list_deployment_for_all_namespaces(label_selector=OPERATOR)
        return [(d.metadata.namespace, d.metadata.name, d.spec.replicas) for d in found.items]

    def scale_operator(self, namespace: str, name: str, replicas: int) -> None:
        """So many operator pods, ready when this returns; one that ends still admits, so not it."""
        change = {"spec": {"replicas": replicas}}
        self.apps.patch_namespaced_deployment_scale(name, namespace, change)
        until(
            lambda: self._operator_pods(namespace, name) == [True] * replicas,
            READY_SECONDS,
            f"{replicas} ready pods of {namespace}/{name}",
        )

    def _operator_pods(self, namespace: str, name: str) -> list[bool]:
        """Of each pod, whether it is ready; those that are ending count."""
        found = self.apps.read_namespaced_deployment(name, namespace)
        labels = ",".join(f"{k}={v}" for k, v in found.spec.selector.match_labels.items())
        pods = self.core.list_namespaced_pod(namespace, label_selector=labels).items
        return [
            any(c.type == "Ready" and c.status == "True" for c in pod.status.conditions or ())
            for pod in pods
        ]


def _names(found: Any) -> Iterator[str]:  # noqa: ANN401 - lists of the typed client share no type
    items: list[_Named] = found.items
    return (item.metadata.name for item in items)
