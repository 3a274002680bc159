"""Where the calls of the matrix go: a namespace that keeps what is done to it, and frozen ones."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from test.authority import frozen
from test.authority.asking import ERAS
from test.authority.audited import AuditedPlane
from test.contract.backend import RealBackend
from test.contract.planted import plant, state
from test.contract.site import Site, open_site
from test.controlplane.api import KubeClient


@dataclass(frozen=True)
class World:
    """Planted namespaces, and the account of the servers, which has the chart's rights in all.

    Writes that are to be refused go to `open`, where they would be seen; those that are allowed to
    the frozen one of their version of the protocol. No two of these share a code, which acts once.
    """

    plane: AuditedPlane
    open: str
    frozen: dict[str, str]
    account: Path

    @asynccontextmanager
    async def unchanged(self) -> AsyncIterator[None]:
        """Inside, nothing in the open namespace changes: judged by its administrator."""
        async with AsyncExitStack() as stack:
            admin = await stack.enter_async_context(KubeClient(self.plane.admin_kubeconfig))
            site = Site(RealBackend(self.plane), self.open, admin, stack)
            before = await state(site)
            yield
            assert await state(site) == before

    @asynccontextmanager
    async def another(self) -> AsyncIterator[Site]:
        """One more planted namespace, for what really happens."""
        async with open_site(RealBackend(self.plane)) as site:
            self.plane.let_in(self.account, site.namespace)
            await plant(site.admin, site.namespace)
            yield site


async def make_world(plane: AuditedPlane) -> World:
    """A world; the account's own namespace is the open one."""
    spaces = [plane.create_namespace() for _ in range(1 + len(ERAS))]
    account = plane.restricted_kubeconfig(spaces)
    async with KubeClient(plane.admin_kubeconfig) as admin:
        await frozen.install(admin)
        for namespace in spaces:
            await plant(admin, namespace)
        for namespace in spaces[1:]:
            await frozen.freeze(admin, namespace)
    by_era = dict(zip(ERAS, spaces[1:], strict=True))
    return World(plane, spaces[0], by_era, account)
