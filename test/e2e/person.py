"""A person with kubectl and psql beside the server: declares by hand, and clears up after tests."""

import shlex
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass

from cnpg_mcp.demo.kinds import BY_PLURAL, KubeObject
from test.controlplane.api import ApiError
from test.e2e.admin import ABSENT, CONFLICT, Admin
from test.e2e.desk import Refusal
from test.e2e.psql import Psql, identifier, literal
from test.e2e.truth import DATABASES, database, role
from test.e2e.waiting import until
from test.tiers import cannot_run

SECONDS = 60
_ANNOUNCED = "withdraw the drop: "


@dataclass(frozen=True)
class Person:
    """Somebody with all rights at one cluster."""

    psql: Psql

    @property
    def admin(self) -> Admin:
        """The way to the API server."""
        return self.psql.admin

    # --- declares

    def declares_inline(self, name: str, **fields: object) -> None:
        """An entry in `managed.roles`; returns when the role is in PostgreSQL."""
        self._set_inline(lambda entries: [*entries, {"name": name, **fields}])
        until(lambda: role(self.psql, name), SECONDS, f"the operator makes {name}")

    def declares(self, plural: str, name: str, spec: KubeObject) -> None:
        """An object that names the cluster, made by nobody's server."""
        body = {
            "kind": BY_PLURAL[plural].kind,
            "metadata": {"name": name},
            "spec": {"cluster": {"name": self.psql.cluster}, **spec},
        }
        self.admin.create(body, self.psql.namespace)

    def inline(self) -> list[KubeObject]:
        """The entries of `managed.roles`."""
        return _entries(self.admin.get("clusters", self.psql.namespace, self.psql.cluster))

    def declared(self, plural: str, name: str) -> list[KubeObject]:
        """The objects that declare a role or database of the cluster."""
        return [
            item
            for item in self.admin.objects(plural, self.psql.namespace)
            if item["spec"]["name"] == name and item["spec"]["cluster"]["name"] == self.psql.cluster
        ]

    # --- does what an answer says

    def does_what_is_printed(self, refusal: Refusal) -> None:
        """Runs the command that withdraws a drop, word for word, as a shell would read it."""
        _, _, printed = refusal.text.partition(_ANNOUNCED)
        words = shlex.split(printed.splitlines()[0])
        command = words[: words.index("-p") + 2]
        assert command[0] == "kubectl"
        if shutil.which("kubectl") is None:
            cannot_run("e2e", "the command that an answer prints needs kubectl")
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    # --- clears up, whoever declared it

    def removes_role(self, name: str) -> None:
        """Its declarations where they are, then the role with all that it owns."""
        for item in self.declared("databaseroles", name):
            self._releases("databaseroles", item, {"databaseRoleReclaimPolicy": "retain"})
        if any(entry["name"] == name for entry in self.inline()):
            self._set_inline(lambda entries: [each for each in entries if each["name"] != name])
        if role(self.psql, name) is None:
            return
        for owned in self._databases_of(name):
            self.removes_database(owned)
        for where in ("app", "postgres"):
            self.psql.rows(f"drop owned by {identifier(name)}", where)
        self.psql.rows(f"drop role {identifier(name)}")

    def removes_database(self, name: str) -> None:
        """Its declaration, then the database."""
        for item in self.declared("databases", name):
            keeps: KubeObject = {"databaseReclaimPolicy": "retain", "ensure": "present"}
            self._releases("databases", item, keeps)
        if database(self.psql, name) is not None:
            self.psql.rows(f"drop database {identifier(name)} with (force)")

    def _releases(self, plural: str, item: KubeObject, policy: KubeObject) -> None:
        name = item["metadata"]["name"]
        try:
            self.admin.patch(plural, self.psql.namespace, name, {"spec": policy})
            self.admin.delete(plural, self.psql.namespace, name)
        except ApiError as error:
            if error.status != ABSENT:
                raise
        declared = item["spec"]["name"]
        until(lambda: not self.declared(plural, declared), SECONDS, f"{plural}/{name} is gone")

    def _databases_of(self, role_name: str) -> set[str]:
        quoted = identifier(role_name)
        return self.psql.names(f"{DATABASES} and datdba = {literal(quoted)}::regrole") - {"app"}

    def _set_inline(self, change: Callable[[list[KubeObject]], list[KubeObject]]) -> None:
        """Changes the entries; anew where somebody else has changed the Cluster meanwhile."""
        until(lambda: self._is_set(change), SECONDS, "the entries of the Cluster are changed")

    def _is_set(self, change: Callable[[list[KubeObject]], list[KubeObject]]) -> bool:
        found = self.admin.get("clusters", self.psql.namespace, self.psql.cluster)
        changed: KubeObject = {
            "metadata": {"resourceVersion": found["metadata"]["resourceVersion"]},
            "spec": {"managed": {"roles": change(_entries(found))}},
        }
        try:
            self.admin.patch("clusters", self.psql.namespace, self.psql.cluster, changed)
        except ApiError as error:
            if error.status != CONFLICT:
                raise
            return False
        return True


def _entries(cluster: KubeObject) -> list[KubeObject]:
    entries: list[KubeObject] = (cluster["spec"].get("managed") or {}).get("roles", [])
    return entries
