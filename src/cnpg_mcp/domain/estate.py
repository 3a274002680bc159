"""What every domain operation is given: the API server, the limits of settings, caller, clock."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from cnpg_mcp.domain.caller import Caller, Scope
from cnpg_mcp.domain.journal import Journal
from cnpg_mcp.domain.names import check_namespace
from cnpg_mcp.domain.plans.code import PlanKeys, new_key
from cnpg_mcp.domain.plans.gate import (
    Confirmations,
    Gate,
    SpentHere,
    require_read,
    require_write,
)
from cnpg_mcp.domain.policy import Policy
from cnpg_mcp.domain.resources import NAMESPACES
from cnpg_mcp.domain.work import Work
from cnpg_mcp.errors import ErrorCode, ToolFailure, not_found
from cnpg_mcp.kube.client import Kube
from cnpg_mcp.kube.errors import Forbidden, NotFound


def utc_now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


def _confirmations() -> Confirmations:
    """Codes that only this process honours."""
    return Confirmations(PlanKeys("cnpg-mcp", [new_key()]), SpentHere(utc_now()))


@dataclass(frozen=True)
class Estate:
    """The clusters within reach, and the limits within which calls may touch them.

    `identify` tells who calls; without it that is the user of the kubeconfig. `journal` is the
    audit record of the present call. `token` gives so many random bytes, written in hexadecimal.
    """

    kube: Kube
    configured_namespace: str | None = None
    policy: Policy = field(default_factory=Policy)
    now: Callable[[], datetime] = utc_now
    identify: Callable[[], Awaitable[Caller]] | None = None
    confirmations: Confirmations = field(default_factory=_confirmations)
    journal: Journal = field(default_factory=Journal)
    work: Work = field(default_factory=Work)
    token: Callable[[int], str] = secrets.token_hex

    async def caller(self) -> Caller:
        """Who makes this call."""
        if self.identify is not None:
            return await self.identify()
        return Caller("kubeconfig", await self.kube.identity())

    async def admitted(self) -> "Estate":
        """The estate as the caller of the present call sees it: as their Kubernetes user.

        Raises:
            ToolFailure: `forbidden` or `insufficient_scope`, they may not even look.
        """
        if self.identify is None:
            return self
        caller = await self.identify()
        if caller.barred is not None:
            raise caller.barred
        require_read(caller)
        if caller.acts_as is None:
            return self
        return replace(self, kube=self.kube.acting_as(caller.acts_as.user, caller.acts_as.groups))

    async def gate(self, confirmation: str | None) -> Gate:
        """The gate of a destructive call."""
        return Gate(self.confirmations, self.policy, await self.caller(), confirmation)

    async def require_write(self) -> None:
        """Refuses an ordinary change where the server or the login does not allow any.

        Raises:
            ToolFailure: `blocked` or `insufficient_scope`.
        """
        require_write(self.policy, await self.caller())

    async def may_write(self) -> bool:
        """Whether the server and the login allow ordinary changes."""
        return not self.policy.read_only and (await self.caller()).may(Scope.WRITE)

    async def namespace(self, asked: str | None) -> str:
        """The namespace of a call: the one asked for, else the default one.

        Raises:
            ToolFailure: malformed, or outside the namespaces that settings allow.
        """
        namespace = asked or await self._default_namespace()
        check_namespace(namespace)
        if self.policy.allowed_namespaces and namespace not in self.policy.allowed_namespaces:
            raise ToolFailure(
                ErrorCode.BLOCKED,
                f"Namespace {namespace}{'' if asked else ' (the default)'} is outside the "
                "namespaces that this server may touch.",
                f"Pass namespace, one of: {', '.join(self.policy.allowed_namespaces)}.",
            )
        return namespace

    async def namespaces_without_cluster_wide_access(self) -> tuple[str, ...]:
        """Where to look when not every namespace may be seen."""
        return self.policy.allowed_namespaces or (await self._default_namespace(),)

    async def namespace_exists(self, namespace: str) -> bool | None:
        """Whether there is such a namespace; `None` when that may not be looked up."""
        try:
            await self.kube.get(NAMESPACES, None, namespace)
        except NotFound:
            return False
        except Forbidden:
            return None
        return True

    async def require_namespace(self, namespace: str) -> bool:
        """Tells "nothing there" from "no such namespace".

        Returns:
            Whether it is known to exist; false when its existence may not be looked up.

        Raises:
            ToolFailure: `not_found`.
        """
        exists = await self.namespace_exists(namespace)
        if exists is False:
            raise not_found(
                f"Namespace {namespace}",
                "Check the spelling; a new namespace is made with kubectl create namespace.",
            )
        return exists is True

    async def _default_namespace(self) -> str:
        if self.configured_namespace:
            return self.configured_namespace
        if len(self.policy.allowed_namespaces) == 1:
            return self.policy.allowed_namespaces[0]
        return await self.kube.default_namespace() or "default"
