"""A room of one's own on the cluster under test: a namespace, and a user with shipped rights."""

import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from cnpg_mcp.demo.kinds import BY_KIND, KubeObject
from test.controlplane.access import IN_NAMESPACE, WRITE, permissions, shipped
from test.controlplane.api import ApiError
from test.e2e.admin import ABSENT, Admin
from test.e2e.psql import Psql
from test.e2e.waiting import until

PERMISSION = "CNPG_MCP_E2E"
RBAC_GROUP = "rbac.authorization.k8s.io"
ACCOUNT = "cnpg-mcp"
Account = tuple[str, str]
"""A service account: namespace and name."""
TOKEN_SECONDS = 3600
HONOURED_SECONDS = 30


def why_not() -> str | None:
    """Why the tests may not run; the cluster that a kubeconfig names may be in production."""
    if os.environ.get("KUBECONFIG") and os.environ.get(PERMISSION) == "1":
        return None
    return (
        f"end to end tests run only with {PERMISSION}=1 and KUBECONFIG set: they create and delete "
        "clusters in a namespace of their own, and stop the cluster's operator for a moment"
    )


@dataclass(frozen=True)
class Room:
    """A namespace, and the kubeconfig of a user that has the shipped Role in it."""

    admin: Admin
    namespace: str
    kubeconfig: Path
    tenants: list[Account] = field(default_factory=list)
    """Accounts of installed servers that have their rights in this room by the chart."""

    @property
    def user(self) -> str:
        """The user's name at the API server."""
        return f"system:serviceaccount:{self.namespace}:{ACCOUNT}"

    def psql(self, cluster: str) -> Psql:
        """PostgreSQL of a cluster in this room."""
        return Psql(self.admin, self.namespace, cluster)

    @contextmanager
    def granted(self, part: str) -> Iterator[None]:
        """One of the optional roles of the chart for the user, for a while.

        The API server honours it inside, and does so no more afterwards.
        """
        found = shipped(part)
        role = {**found, "metadata": {"name": f"{part}-{self.namespace}"}}
        cluster_wide = found["kind"] == "ClusterRole"
        place = "" if cluster_wide else self.namespace
        with ExitStack() as stack:
            stack.callback(_await_rights, self, role["rules"], place, honoured=False)
            for body in (role, _binding(role, (self.namespace, ACCOUNT), *self.tenants)):
                where = None if cluster_wide else self.namespace
                made = self.admin.create(body, where)
                plural = BY_KIND[made["kind"]].plural
                stack.callback(self.admin.delete, plural, where, made["metadata"]["name"])
            _await_rights(self, role["rules"], place)
            yield


@contextmanager
def removed_namespace(admin: Admin, name: str) -> Iterator[None]:
    """A namespace for a while; nothing of it is left afterwards."""
    with ExitStack() as stack:
        stack.callback(_remove, admin, name)
        admin.create_namespace(name)
        yield


@contextmanager
def passing_namespace(admin: Admin, name: str) -> Iterator[None]:
    """A namespace for a while; it is asked to go afterwards, which nobody waits for."""
    admin.create_namespace(name)
    try:
        yield
    finally:
        admin.delete("namespaces", None, name)


@contextmanager
def new_room(admin: Admin) -> Iterator[Room]:
    """A room; nothing of it is left afterwards."""
    namespace = f"cnpg-mcp-e2e-{uuid.uuid4().hex[:8]}"
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.enter_context(removed_namespace(admin, namespace))
        room = Room(admin, namespace, folder / "kubeconfig")
        _furnish(room)
        yield room


def _remove(admin: Admin, namespace: str) -> None:
    try:
        admin.remove_namespace(namespace)
    except ApiError as error:
        if error.status != ABSENT:  # it was never made
            raise


def _furnish(room: Room) -> None:
    admin, namespace = room.admin, room.namespace
    admin.create({"kind": "ServiceAccount", "metadata": {"name": ACCOUNT}}, namespace)
    for role in map(shipped, IN_NAMESPACE):
        admin.create(role, namespace)
        admin.create(_binding(role, (namespace, ACCOUNT)), namespace)
    token = admin.token(namespace, ACCOUNT, TOKEN_SECONDS)
    room.kubeconfig.touch(mode=0o600)
    room.kubeconfig.write_text(yaml.safe_dump(_kubeconfig(room, token)))
    _await_rights(room, shipped(WRITE)["rules"], namespace)


def _binding(role: KubeObject, *accounts: Account) -> KubeObject:
    name = role["metadata"]["name"]
    return {
        "kind": f"{role['kind']}Binding",
        "metadata": {"name": name},
        "roleRef": {"apiGroup": RBAC_GROUP, "kind": role["kind"], "name": name},
        "subjects": [
            {"kind": "ServiceAccount", "name": name, "namespace": namespace}
            for namespace, name in accounts
        ],
    }


def _await_rights(
    room: Room, rules: list[KubeObject], namespace: str, *, honoured: bool = True
) -> None:
    """Until the API server honours the last of the rights, or honours it no more."""
    *_, last = permissions(rules)
    resource, _, subresource = last.resource.partition("/")
    attributes = {
        "group": last.group,
        "resource": resource,
        "subresource": subresource,
        "verb": last.verb,
        "namespace": namespace,
    }
    wanted = f"{last} is {'' if honoured else 'no longer '}honoured"

    def is_so() -> bool:
        return room.admin.allowed(room.user, attributes) is honoured

    until(is_so, HONOURED_SECONDS, wanted)


def _kubeconfig(room: Room, token: str) -> KubeObject:
    """The administrator's way to the API server, with the user's token."""
    connection = room.admin.connection
    cluster: KubeObject = {"server": connection.host}
    if connection.ssl_ca_cert:
        authority = room.kubeconfig.with_name("ca.crt")
        authority.write_bytes(Path(connection.ssl_ca_cert).read_bytes())
        cluster["certificate-authority"] = str(authority)
    if not connection.verify_ssl:
        cluster["insecure-skip-tls-verify"] = True
    if connection.tls_server_name:
        cluster["tls-server-name"] = connection.tls_server_name
    context = {"cluster": "under-test", "user": ACCOUNT, "namespace": room.namespace}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "under-test", "cluster": cluster}],
        "users": [{"name": ACCOUNT, "user": {"token": token}}],
        "contexts": [{"name": "e2e", "context": context}],
        "current-context": "e2e",
    }
