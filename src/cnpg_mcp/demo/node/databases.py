"""The primary's controller of Database objects."""

from collections.abc import Callable

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.node.declarative import Declarative
from cnpg_mcp.demo.node.encodings import is_server_encoding
from cnpg_mcp.demo.node.injection import asked
from cnpg_mcp.demo.node.postgres import PgError, Postgres
from cnpg_mcp.demo.node.world import World

REFUSED_DROP_RETRY = 2.0
PARTIAL_FAILURE = "database object reconciliation failed"


class Databases(Declarative):
    """Creates, adopts and drops databases with their extensions and schemas."""

    plural = "databases"
    finalizer = "cnpg.io/deleteDatabase"

    async def apply(self, world: World, obj: KubeObject, cluster: KubeObject) -> float | None:
        """One attempt, with the operator's messages."""
        message = asked("fail", obj) or self.holder(world, obj)
        if message:
            return await self.fail(world, obj, message)
        generation = obj["metadata"]["generation"]
        status = obj.get("status") or {}
        if status.get("observedGeneration") == generation and status.get("applied"):
            return None
        try:
            objects = _bring_about(obj, world.postgres(cluster))
        except PgError as error:
            return await self.fail(world, obj, _attempted(obj) + str(error))
        if any(not each["applied"] for group in objects.values() for each in group):
            failed = {"applied": False, "message": PARTIAL_FAILURE, **objects}
            await world.set_status(self.plural, obj, failed)
            return self._retry_seconds
        done = {"applied": True, "message": None, "observedGeneration": generation, **objects}
        await world.set_status(self.plural, obj, done)
        return None

    async def release(self, world: World, obj: KubeObject, cluster: KubeObject) -> float | None:
        """A drop that PostgreSQL refuses is tried again without a word in the object."""
        spec, status = obj["spec"], obj.get("status") or {}
        if spec.get("databaseReclaimPolicy") == "delete" and status.get("observedGeneration"):
            try:
                _drop(obj, world.postgres(cluster))
            except PgError:
                return REFUSED_DROP_RETRY
        await self.let_go(world, obj)
        return None


def _bring_about(obj: KubeObject, postgres: Postgres) -> dict[str, list[KubeObject]]:
    """Changes the database; the status of each schema and extension."""
    spec = obj["spec"]
    if spec.get("ensure") == "absent":
        _drop(obj, postgres)
        return {}
    if spec["name"] not in postgres.databases:
        _check_encoding(spec.get("encoding") or "UTF8")
    postgres.apply_database(spec["name"], spec["owner"])
    kinds = (("schemas", postgres.apply_schema), ("extensions", postgres.apply_extension))
    return {
        kind: [_one(spec["name"], each, act) for each in spec[kind]]
        for kind, act in kinds
        if spec.get(kind)
    }


def _check_encoding(name: str) -> None:
    if not is_server_encoding(name):
        raise PgError(f"{name} is not a valid encoding name", "42704")


def _one(database: str, spec: KubeObject, act: Callable[[str, KubeObject], None]) -> KubeObject:
    try:
        act(database, spec)
    except PgError as error:
        return {"name": spec["name"], "applied": False, "message": str(error)}
    return {"name": spec["name"], "applied": True}


def _drop(obj: KubeObject, postgres: Postgres) -> None:
    database = postgres.databases.get(obj["spec"]["name"])
    if database and asked("session", obj) is not None:
        message = f'database "{database.name}" is being accessed by other users'
        raise PgError(message, "55006")
    postgres.drop_database(obj["spec"]["name"])


def _attempted(obj: KubeObject) -> str:
    spec = obj["spec"]
    doing = "dropping" if spec.get("ensure") == "absent" else "creating"
    return f'while {doing} database "{spec["name"]}": '
