"""What every domain operation is given: the API server, the limits that settings set, the clock."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from cnpg_mcp.domain.names import check_namespace
from cnpg_mcp.domain.resources import NAMESPACES
from cnpg_mcp.errors import ErrorCode, ToolFailure, not_found
from cnpg_mcp.kube.client import Kube
from cnpg_mcp.kube.errors import Forbidden, NotFound


def utc_now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Estate:
    """The clusters within reach, and the limits within which calls may touch them."""

    kube: Kube
    configured_namespace: str | None = None
    allowed_namespaces: tuple[str, ...] = ()
    read_only: bool = False
    now: Callable[[], datetime] = utc_now

    async def namespace(self, asked: str | None) -> str:
        """The namespace of a call: the one asked for, else the default one.

        Raises:
            ToolFailure: malformed, or outside the namespaces that settings allow.
        """
        namespace = asked or await self._default_namespace()
        check_namespace(namespace)
        if self.allowed_namespaces and namespace not in self.allowed_namespaces:
            raise ToolFailure(
                ErrorCode.BLOCKED,
                f"Namespace {namespace}{'' if asked else ' (the default)'} is outside the "
                "namespaces that this server may touch.",
                f"Pass namespace, one of: {', '.join(self.allowed_namespaces)}.",
            )
        return namespace

    async def namespaces_without_cluster_wide_access(self) -> tuple[str, ...]:
        """Where to look when not every namespace may be seen."""
        return self.allowed_namespaces or (await self._default_namespace(),)

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
        if len(self.allowed_namespaces) == 1:
            return self.allowed_namespaces[0]
        return await self.kube.default_namespace() or "default"
