"""The primary's controller of DatabaseRole objects."""

import time

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.node.declarative import Declarative
from cnpg_mcp.demo.node.injection import asked
from cnpg_mcp.demo.node.pods import Pods
from cnpg_mcp.demo.node.postgres import PgError
from cnpg_mcp.demo.node.secrets import WrongSecret, password_version
from cnpg_mcp.demo.node.world import World

GRANT_SECONDS = 1.0
"""How long after the first attempt the instance may read a Secret that is new to it."""

MANAGED_INLINE = "database role is already managed by the CNPG cluster"
_NOT_ATTRIBUTES = ("cluster", "name", "ensure", "passwordSecret", "databaseRoleReclaimPolicy")


class DatabaseRoles(Declarative):
    """Creates, adopts and drops roles; their passwords come from Secrets."""

    plural = "databaseroles"
    finalizer = "cnpg.io/deleteRole"

    def __init__(self, pods: Pods, retry_seconds: float) -> None:
        super().__init__(pods, retry_seconds)
        self._first_asked: dict[tuple[str, str], float] = {}

    async def reconcile(self, world: World) -> None:
        """One attempt at every role that is due; those that are gone are forgotten."""
        await super().reconcile(world)
        live = world.store.uids()
        for key in [key for key in self._first_asked if key[0] not in live]:
            del self._first_asked[key]

    async def apply(self, world: World, obj: KubeObject, cluster: KubeObject) -> float | None:
        """One attempt, with the operator's messages."""
        message = (
            asked("fail", obj)
            or (MANAGED_INLINE if _managed_inline(obj, cluster) else "")
            or self.holder(world, obj)
        )
        if message:
            return await self.fail(world, obj, message)
        if _settled(obj):
            return None
        try:
            version = self._secret_version(world, obj)
            self._write(world, obj, cluster, version)
        except WrongSecret as wrong:
            return await self.fail(world, obj, str(wrong))
        except PgError as error:
            doing = f"while creating role {obj['spec']['name']} with role reconciler: "
            return await self.fail(world, obj, doing + str(error))
        status = {
            "applied": True,
            "message": None,
            "observedGeneration": obj["metadata"]["generation"],
            "secretResourceVersion": version or None,
        }
        await world.set_status(self.plural, obj, status)
        return self._retry_seconds

    async def release(self, world: World, obj: KubeObject, cluster: KubeObject) -> float | None:
        """Drops the role where the policy says so and this object has applied it."""
        spec = obj["spec"]
        applied = (obj.get("status") or {}).get("observedGeneration")
        wanted = spec.get("databaseRoleReclaimPolicy") == "delete" and applied
        if wanted and not _managed_inline(obj, cluster):
            try:
                world.postgres(cluster).drop_role(spec["name"])
            except PgError as error:
                doing = f"while deleting role {spec['name']} with role reconciler: "
                return await self.fail(world, obj, doing + str(error))
        await self.let_go(world, obj)
        return None

    def _write(self, world: World, obj: KubeObject, cluster: KubeObject, version: str) -> None:
        attributes = {k: v for k, v in obj["spec"].items() if k not in _NOT_ATTRIBUTES}
        world.postgres(cluster).apply_role(obj["spec"]["name"], attributes, version)

    def _secret_version(self, world: World, obj: KubeObject) -> str:
        """The version of the password's Secret, once the operator let the instance read it."""
        secret = (obj["spec"].get("passwordSecret") or {}).get("name")
        if not secret:
            return ""
        meta = obj["metadata"]
        first = self._first_asked.setdefault((meta["uid"], secret), time.monotonic())
        if time.monotonic() < first + GRANT_SECONDS or not _granted(world, obj, secret):
            raise WrongSecret(_forbidden(obj, secret))
        try:
            return password_version(world, meta["namespace"], secret, obj["spec"]["name"])
        except WrongSecret as wrong:
            text = f"while getting the role password: {wrong}" if wrong.other_user else str(wrong)
            raise WrongSecret(text) from wrong


def _settled(obj: KubeObject) -> bool:
    """Applied, and the Secret that was applied is the one the operator last saw."""
    status = obj.get("status") or {}
    if not status.get("applied"):
        return False
    if status.get("observedGeneration") != obj["metadata"]["generation"]:
        return False
    if not obj["spec"].get("passwordSecret"):
        return True
    changes = {each["type"]: each["message"] for each in status.get("conditions") or []}
    seen = changes.get("PasswordSecretChange", "")
    return bool(status.get("secretResourceVersion", "") == seen)


def _managed_inline(obj: KubeObject, cluster: KubeObject) -> bool:
    inline = (cluster["spec"].get("managed") or {}).get("roles") or []
    return any(role["name"] == obj["spec"]["name"] for role in inline)


def _granted(world: World, obj: KubeObject, secret: str) -> bool:
    """Whether the instance's own Role, which the operator writes, names the Secret."""
    meta = obj["metadata"]
    role = world.store.get("roles", meta["namespace"], obj["spec"]["cluster"]["name"]) or {}
    return any(
        "secrets" in rule.get("resources", []) and secret in rule.get("resourceNames", [])
        for rule in role.get("rules") or []
    )


def _forbidden(obj: KubeObject, secret: str) -> str:
    namespace, cluster = obj["metadata"]["namespace"], obj["spec"]["cluster"]["name"]
    return (
        f'secrets "{secret}" is forbidden: User "system:serviceaccount:{namespace}:{cluster}"'
        f' cannot get resource "secrets" in API group "" in the namespace "{namespace}"'
    )
