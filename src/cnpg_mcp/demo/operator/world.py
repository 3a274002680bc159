"""What every part of the stand-in works with: besides the API, the instances' reports."""

from collections.abc import Callable, Collection

from cnpg_mcp.demo import world as base
from cnpg_mcp.demo.client import ApiClient
from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.pace import AT_ONCE, Pace

SOURCE = "cloudnative-pg"

Ask = Callable[[str], KubeObject | None]


class World(base.World):
    """Shared by the operator's parts."""

    def __init__(
        self,
        api: ApiClient,
        plurals: tuple[str, ...],
        *,
        ask: Ask,
        plugins: Collection[str] = (),
        pace: Pace = AT_ONCE,
        ignored: Collection[str] = (),
    ) -> None:
        super().__init__(api, plurals, pace=pace, ignored=ignored)
        self.ask = ask
        """What the instance manager of a pod, by uid, says; None while it does not answer."""
        self.plugins = plugins
        """The names of the plugins that are installed."""

    async def tell(
        self, obj: KubeObject, reason: str, message: str, *, kind: str = "Normal", source: str = ""
    ) -> None:
        """Records an event as the operator."""
        await self.event(obj, reason, message, source or SOURCE, kind=kind)
