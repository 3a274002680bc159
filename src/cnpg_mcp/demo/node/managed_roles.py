"""The primary's controller of inline roles (``spec.managed.roles``).

It runs at a change of the Cluster object or of a labelled Secret and has no timer: a failed entry
stays failed until then. An empty list leaves the last status as it was.
"""

from dataclasses import dataclass, field

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.node.pods import Pods
from cnpg_mcp.demo.node.postgres import OPERATOR_ROLES, PREDEFINED_ROLES, PgError, Postgres
from cnpg_mcp.demo.node.secrets import WrongSecret, password_version, reloads
from cnpg_mcp.demo.node.world import World

_NOT_ATTRIBUTES = ("name", "ensure", "passwordSecret", "disablePassword")
_STATES = ("reconciled", "pending-reconciliation", "not-managed", "reserved")


@dataclass
class _Result:
    passwords: dict[str, KubeObject] = field(default_factory=dict)
    failures: dict[str, list[str]] = field(default_factory=dict)


class ManagedRoles:
    """Applies the inline list and reports ``status.managedRolesStatus``."""

    def __init__(self, pods: Pods) -> None:
        self._pods = pods
        self._handled: dict[str, object] = {}
        self._transactions = 700

    async def reconcile(self, world: World) -> None:
        """Looks at every cluster that changed since the last look."""
        clusters = world.store.all("clusters")
        live = {each["metadata"]["uid"] for each in clusters}
        for uid in self._handled.keys() - live:
            del self._handled[uid]
        for cluster in clusters:
            meta = cluster["metadata"]
            primary = (cluster.get("status") or {}).get("currentPrimary")
            if not primary or not self._pods.up(world, meta["namespace"], primary):
                continue
            trigger = _trigger(world, cluster)
            if _entries(cluster) and self._handled.get(meta["uid"]) != trigger:
                await self._apply(world, cluster)
            self._handled[meta["uid"]] = trigger

    async def _apply(self, world: World, cluster: KubeObject) -> None:
        postgres = world.postgres(cluster)
        await _report(world, cluster, _by_status(cluster, postgres, self._stale(world, cluster)))
        meta = cluster["metadata"]  # with the report in it, or the next one would look unchanged
        cluster = world.store.get("clusters", meta["namespace"], meta["name"]) or cluster
        result = _Result()
        for entry in _entries(cluster):
            self._apply_entry(world, cluster, entry, result)
        by_status = _by_status(cluster, postgres, set(result.failures))
        known = (cluster.get("status") or {}).get("managedRolesStatus") or {}
        failures: dict[str, list[str] | None] = dict.fromkeys(known.get("cannotReconcile") or {})
        failures.update(result.failures)
        await _report(
            world, cluster, by_status, passwordStatus=result.passwords, cannotReconcile=failures
        )

    def _stale(self, world: World, cluster: KubeObject) -> set[str]:
        """The entries that have to be written."""
        postgres = world.postgres(cluster)
        return {
            entry["name"]
            for entry in _entries(cluster)
            if not _same(postgres, entry, _version(world, cluster, entry)[0])
        }

    def _apply_entry(
        self, world: World, cluster: KubeObject, entry: KubeObject, result: _Result
    ) -> None:
        name, postgres = entry["name"], world.postgres(cluster)
        version, problem = _version(world, cluster, entry)
        if problem:
            result.failures[name] = [problem]
            return
        if _same(postgres, entry, version):
            return
        action = _action(postgres, entry)
        try:
            if action == "DELETE":
                postgres.drop_role(name)
                return
            postgres.apply_role(name, _attributes(entry), version)
        except PgError as error:
            said = error.detail or error.message
            result.failures[name] = [f"could not perform {action} on role {name}: {said}"]
            return
        self._transactions += 1
        written = {"transactionID": self._transactions, "resourceVersion": version or None}
        result.passwords[name] = written


def _entries(cluster: KubeObject) -> list[KubeObject]:
    return (cluster["spec"].get("managed") or {}).get("roles") or []


def _trigger(world: World, cluster: KubeObject) -> object:
    meta = cluster["metadata"]
    names = {(entry.get("passwordSecret") or {}).get("name") for entry in _entries(cluster)}
    watched = [
        (each["metadata"]["name"], each["metadata"]["resourceVersion"])
        for each in world.store.all("secrets", meta["namespace"])
        if each["metadata"]["name"] in names and reloads(each)
    ]
    described = (str(meta.get("annotations")), str(meta.get("labels")))
    return meta["generation"], described, watched, cluster["status"]["currentPrimary"]


def _attributes(entry: KubeObject) -> KubeObject:
    return {key: value for key, value in entry.items() if key not in _NOT_ATTRIBUTES}


def _absent(entry: KubeObject) -> bool:
    return entry.get("ensure") == "absent"


def _same(postgres: Postgres, entry: KubeObject, version: str) -> bool:
    known = postgres.roles.get(entry["name"])
    if _absent(entry) or known is None:
        return _absent(entry) and known is None
    return known.attributes == _attributes(entry) and version in ("", known.password_version)


def _action(postgres: Postgres, entry: KubeObject) -> str:
    if _absent(entry):
        return "DELETE"
    return "UPDATE_MEMBERSHIPS" if entry["name"] in postgres.roles else "CREATE"


def _version(world: World, cluster: KubeObject, entry: KubeObject) -> tuple[str, str]:
    """The version of the entry's Secret, or what is wrong with it."""
    secret = (entry.get("passwordSecret") or {}).get("name")
    if not secret or _absent(entry):
        return "", ""
    try:
        return password_version(world, cluster["metadata"]["namespace"], secret, entry["name"]), ""
    except WrongSecret as wrong:
        missing = f"failed to get password secret {secret}: {wrong}"
        return "", str(wrong) if wrong.other_user else missing


def _by_status(
    cluster: KubeObject, postgres: Postgres, pending: set[str]
) -> dict[str, list[str] | None]:
    listed = {entry["name"]: entry for entry in _entries(cluster)}
    states: dict[str, list[str]] = {state: [] for state in _STATES}
    for name, entry in sorted(listed.items()):
        reached = (name in postgres.roles) is not _absent(entry) and name not in pending
        states["reconciled" if reached else "pending-reconciliation"].append(name)
    for name in sorted(postgres.roles.keys() - listed.keys() - set(PREDEFINED_ROLES)):
        states["reserved" if name in OPERATOR_ROLES else "not-managed"].append(name)
    return {state: names or None for state, names in states.items()}


async def _report(
    world: World, cluster: KubeObject, by_status: dict[str, list[str] | None], **more: KubeObject
) -> None:
    """Writes the status; what the operator leaves out when empty is left out."""
    fields = {key: value for key, value in more.items() if value}
    status = {"managedRolesStatus": {"byStatus": by_status, **fields}}
    await world.set_status("clusters", cluster, status)
