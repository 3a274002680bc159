"""Roles declared by DatabaseRole objects (CNPG 1.30 and later), written."""

import asyncio
import contextlib

from cnpg_mcp.domain.declared import role_state
from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.marks import TOUCHED_AT
from cnpg_mcp.domain.names import object_name
from cnpg_mcp.domain.quoting import quoted
from cnpg_mcp.domain.resources import DATABASE_ROLES
from cnpg_mcp.domain.results import DeclaredState, RoleSource
from cnpg_mcp.domain.roles.census import Census, Declaration
from cnpg_mcp.domain.roles.manifest import database_role
from cnpg_mcp.domain.roles.order import RoleOrder
from cnpg_mcp.domain.roles.secret import Owner, RoleSecret, give_to, read_secret
from cnpg_mcp.domain.roles.stores import Change, Purpose, RoleLook, RoleSight, Written
from cnpg_mcp.domain.views.declarative import DatabaseRole
from cnpg_mcp.domain.waiting import Sight
from cnpg_mcp.kube.client import Preconditions
from cnpg_mcp.kube.errors import KubeError, NotFound
from cnpg_mcp.kube.objects import KubeObject

_TOUCH_AFTER = 2.0
"""Seconds until the instance may read a new Secret; a try before that fails, and the next one
would come after half a minute."""
_BELIEVE_AFTER = 2.0
"""Seconds after a touch in which its try has failed or succeeded."""


class DatabaseRoleStore:
    """`DatabaseRole` objects in the cluster's namespace."""

    source = RoleSource.DATABASE_ROLE

    def __init__(self, estate: Estate, namespace: str) -> None:
        self._estate = estate
        self._namespace = namespace

    async def add(
        self, census: Census, order: RoleOrder, secret: str | None, *, dry_run: bool = False
    ) -> Written:
        """Creates the object."""
        name = object_name(census.cluster.name, order.name)
        body = database_role(order, self._namespace, name, secret)
        kube = self._estate.kube
        made = await kube.create(DATABASE_ROLES, self._namespace, body, dry_run=dry_run)
        return self._written(made.object, dry_run=dry_run)

    async def change(
        self, census: Census, held: Declaration, change: Change, *, dry_run: bool = False
    ) -> Written:
        """Changes the object's spec; touches it where there is nothing to change."""
        spec = dict(change.fields)
        found = _object(held)
        return await self._patch(found, {"spec": spec} if spec else {}, dry_run=dry_run)

    async def drop(self, census: Census, held: Declaration, *, dry_run: bool = False) -> Written:
        """Deletes the object, with the policy that drops the role; a second time it only touches.

        If the deletion fails, the policy is put back: else a later deletion by anybody would drop
        a role that was meant to be kept.
        """
        found = _object(held)
        if found.metadata.deletion_timestamp is not None:
            return await self._patch(found, {}, dry_run=dry_run)
        written = await self._patch(found, _policy("delete"), dry_run=dry_run)
        version = found.metadata.resource_version if dry_run else written.version
        try:
            await self._estate.kube.delete(
                DATABASE_ROLES,
                self._namespace,
                found.name,
                Preconditions(found.metadata.uid, version),
                dry_run=dry_run,
            )
        except BaseException:
            if not dry_run:
                await self._put_back(found)
            raise
        return written

    async def forget(self, written: Written) -> bool:
        """Nothing is left: the object goes when the role is dropped."""
        return True

    def owner(self, census: Census) -> Owner | None:
        """Known only when the object has been made."""
        return None

    async def finish(self, written: Written, secret: RoleSecret) -> None:
        """Lets the Secret go with the object."""
        with contextlib.suppress(KubeError):
            found = await self._read(written.holder)
            if found is not None:
                await give_to(self._estate, secret, Owner(DATABASE_ROLES, found.metadata))

    def look(self, written: Written, purpose: Purpose) -> RoleLook:
        """Reads the object; a failure is believed when it survives a touch."""
        loop = asyncio.get_running_loop()
        start = loop.time()
        touched: float | None = None

        async def look() -> Sight[RoleSight]:
            nonlocal touched
            found = await self._read(written.holder)
            seen = await self._sight(found, written, dropping=purpose is Purpose.DROPPED)
            now = loop.time()
            failed = seen.message is not None
            if failed and found is not None and touched is None and now - start >= _TOUCH_AFTER:
                await self._patch(found, {})
                touched = now
            believed = touched is not None and now - touched >= _BELIEVE_AFTER
            told = f"operator says {quoted(seen.message)}" if seen.message else seen.state.value
            return Sight(seen, seen.proven or (failed and believed), told)

        return look

    async def _sight(
        self, found: DatabaseRole | None, written: Written, *, dropping: bool
    ) -> RoleSight:
        if found is None:
            return RoleSight(DeclaredState.DROPPED, proven=dropping)
        status = found.status
        if status.applied is False:
            state = DeclaredState.DROPPING if dropping else DeclaredState.FAILED
            return RoleSight(state, message=status.message)
        state = role_state(found, self._estate.now())
        if dropping or state is not DeclaredState.APPLIED:
            return RoleSight(state)
        return RoleSight(state, proven=await self._has_password(found, written))

    async def _has_password(self, found: DatabaseRole, written: Written) -> bool:
        """Whether the operator has applied the Secret as it is now."""
        secret = await read_secret(self._estate, self._namespace, written.secret)
        if secret is None:
            return written.secret is None
        return found.status.secret_resource_version == secret.metadata.resource_version

    async def _read(self, name: str) -> DatabaseRole | None:
        try:
            found = await self._estate.kube.get(DATABASE_ROLES, self._namespace, name)
        except NotFound:
            return None
        return DatabaseRole.parse(found)

    async def _patch(
        self, found: DatabaseRole, patch: KubeObject, *, dry_run: bool = False
    ) -> Written:
        touch = {TOUCHED_AT: self._estate.now().isoformat()}
        metadata = {"resourceVersion": found.metadata.resource_version, "annotations": touch}
        changed = await self._estate.kube.patch(
            DATABASE_ROLES,
            self._namespace,
            found.name,
            {"metadata": metadata, **patch},
            dry_run=dry_run,
        )
        return self._written(changed.object, dry_run=dry_run)

    async def _put_back(self, found: DatabaseRole) -> None:
        """Restores the policy, unless the object is going after all."""
        with contextlib.suppress(KubeError):
            now = await self._read(found.name)
            if now is None or now.metadata.deletion_timestamp is not None:
                return
            if now.metadata.uid == found.metadata.uid:
                await self._patch(now, _policy(found.spec.database_role_reclaim_policy))

    def _written(self, body: KubeObject, *, dry_run: bool) -> Written:
        role = DatabaseRole.parse(body)
        metadata = role.metadata
        if not dry_run:
            self._estate.journal.touches("DatabaseRole", self._namespace, role.name, metadata.uid)
        secret = role.spec.password_secret
        return Written(
            name=role.spec.name,
            source=self.source,
            holder=role.name,
            version=metadata.resource_version,
            secret=secret.name if secret else None,
        )


def _policy(value: str) -> KubeObject:
    return {"spec": {"databaseRoleReclaimPolicy": value}}


def _object(held: Declaration) -> DatabaseRole:
    if held.object is None:
        raise AssertionError("an inline entry belongs to the other store")
    return held.object
