"""One namespace on a backend, with whoever acts in it."""

from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from fastmcp import Client

from test.contract.backend import Backend
from test.contract.caller import Caller, server
from test.controlplane.access import Dropped
from test.controlplane.api import KubeClient


@dataclass(frozen=True)
class Site:
    """A namespace of a test's own: the admin arranges and judges, users call tools."""

    backend: Backend
    namespace: str
    admin: KubeClient
    _stack: AsyncExitStack

    async def user(
        self,
        *,
        namespaces: Iterable[str] | None = None,
        cluster_facts: bool = False,
        without: Iterable[Dropped] = (),
        **settings: Any,
    ) -> Caller:
        """A client of a server with these settings, as a user with the chart's rights here.

        It is patient: what it waits for may take its time on a busy machine.
        """
        spaces = [self.namespace] if namespaces is None else namespaces
        kubeconfig = self.backend.user(spaces, cluster_facts=cluster_facts, without=without)
        client = Client(server(kubeconfig, **settings))
        return Caller(await self._stack.enter_async_context(client), patient=True)

    def another_namespace(self) -> str:
        """One more namespace; it goes with the site."""
        name = self.backend.create_namespace()
        self._stack.callback(self.backend.delete_namespace, name)
        return name


@asynccontextmanager
async def open_site(backend: Backend) -> AsyncIterator[Site]:
    """A site with a new namespace."""
    async with AsyncExitStack() as stack:
        admin = await stack.enter_async_context(backend.admin())
        namespace = backend.create_namespace()
        stack.callback(backend.delete_namespace, namespace)
        yield Site(backend, namespace, admin, stack)
