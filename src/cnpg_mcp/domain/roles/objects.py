"""Roles declared by DatabaseRole objects (CNPG 1.30 and later), written."""

import asyncio
import contextlib
from dataclasses import replace

from cnpg_mcp.domain.declared import is_young, role_state
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
from cnpg_mcp.errors import ErrorCode, ToolFailure
from cnpg_mcp.kube.client import Preconditions
from cnpg_mcp.kube.errors import Conflict, KubeError, NotFound
from cnpg_mcp.kube.objects import KubeObject

_TOUCH_AFTER = 2.0
"""Seconds until the instance may read a new Secret: a try before that fails, and the next one would
come after half a minute; and until the try that a touch brings about has failed or succeeded."""
_DELETE_TRIES = 4
_STATE = "SQLSTATE"
"""What PostgreSQL's own refusals carry; the operator gives no other sign of who has refused."""


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

        Raises:
            ToolFailure: `unavailable`, the policy may be left as it is not meant to be.
        """
        found = _object(held)
        if found.metadata.deletion_timestamp is not None:
            return await self._patch(found, _policy("delete"), dry_run=dry_run)
        written: Written | None = None
        try:
            written = await self._patch(found, _policy("delete"), dry_run=dry_run)
            if dry_run:
                await self._delete(found, dry_run=True)
            else:
                await self._delete_armed(written)
        except BaseException as error:
            refused = isinstance(error, KubeError) and not error.maybe_applied
            untouched = dry_run or (refused and written is None)
            goes = not untouched and await self._goes(found)
            if not (goes and written is not None and isinstance(error, KubeError)):
                raise
        return written

    async def _delete_armed(self, written: Written) -> None:
        """Deletes the object with the policy just set; the operator may write its status meanwhile.

        Raises:
            Conflict: somebody else has changed it since.
        """
        for _ in range(_DELETE_TRIES - 1):
            found = await self._read(written.holder)
            if found is None or found.metadata.uid != written.uid:
                return
            if found.spec.database_role_reclaim_policy != "delete":
                break
            with contextlib.suppress(Conflict):
                await self._delete(found)
                return
        await self._estate.kube.delete(
            DATABASE_ROLES,
            self._namespace,
            written.holder,
            Preconditions(written.uid, written.version),
        )

    async def _delete(self, found: DatabaseRole, *, dry_run: bool = False) -> None:
        metadata = found.metadata
        only_this = Preconditions(metadata.uid, metadata.resource_version)
        kube, namespace = self._estate.kube, self._namespace
        await kube.delete(DATABASE_ROLES, namespace, found.name, only_this, dry_run=dry_run)

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
        before: DatabaseRole | None = None

        async def look() -> Sight[RoleSight]:
            nonlocal touched, before
            found = await self._read(written.holder)
            if found is None or found.metadata.uid != written.uid:
                return _gone(written, before, dropping=purpose is Purpose.DROPPED)
            before = found
            seen = await self._sight(found, written, dropping=purpose is Purpose.DROPPED)
            now = loop.time()
            failed = seen.message is not None
            is_due = failed and now - (touched or start) >= _TOUCH_AFTER
            believed = is_due and touched is not None and not self._is_first_try(found)
            if is_due and not believed:
                await self._patch(found, {})
                touched = now
            seen = replace(seen, refused=believed)
            told = f"operator says {quoted(seen.message)}" if seen.message else seen.state.value
            return Sight(seen, seen.settled, told)

        return look

    def _is_first_try(self, found: DatabaseRole) -> bool:
        """Whether it is not PostgreSQL that refuses, but the Secret that cannot be read yet."""
        young = is_young(found.metadata, self._estate.now())
        return (
            young and found.spec.password_secret is not None and _STATE not in found.status.message
        )

    async def _sight(self, found: DatabaseRole, written: Written, *, dropping: bool) -> RoleSight:
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

    async def _goes(self, found: DatabaseRole) -> bool:
        """Whether the object is going after all; else its policy is put back."""
        policy = found.spec.database_role_reclaim_policy
        try:
            now = await self._read(found.name)
            if now is None or now.metadata.deletion_timestamp is not None:
                return True
            changed = now.spec.database_role_reclaim_policy != policy
            if changed and now.metadata.uid == found.metadata.uid:
                await self._patch(now, _policy(policy))
        except KubeError as error:
            raise ToolFailure(
                ErrorCode.UNAVAILABLE,
                f"The drop of role {quoted(found.spec.name)} may or may not have been asked for, "
                f"and the API server does not answer: DatabaseRole {self._namespace}/{found.name} "
                "may be left with databaseRoleReclaimPolicy delete.",
                "Look with list_postgres_roles once it answers. Where the role is to stay, have a "
                f"person set databaseRoleReclaimPolicy to {policy} again; deleting the object "
                "would drop the role.",
            ) from error
        return False

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
            uid=metadata.uid,
            drops=_drops(role),
            secret=secret.name if secret else None,
        )


def _gone(written: Written, before: DatabaseRole | None, *, dropping: bool) -> Sight[RoleSight]:
    """What is known when the object is there no more.

    The operator holds it by a finalizer until the role is dropped, unless it never took the object
    up, or the drop was withdrawn with the policy `retain`: then PostgreSQL may have the role.
    """
    armed = written.drops if before is None else _drops(before)
    if dropping and armed:
        return Sight(RoleSight(DeclaredState.DROPPED, proven=True), settled=True, message="gone")
    return Sight(RoleSight(DeclaredState.UNWATCHED), settled=True, message="gone")


def _drops(role: DatabaseRole) -> bool:
    """Whether the object goes only when the operator has dropped the role."""
    return role.metadata.is_held_by_operator and role.spec.database_role_reclaim_policy == "delete"


def _policy(value: str) -> KubeObject:
    return {"spec": {"databaseRoleReclaimPolicy": value}}


def _object(held: Declaration) -> DatabaseRole:
    if held.object is None:
        raise AssertionError("an inline entry belongs to the other store")
    return held.object
