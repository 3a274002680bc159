"""Objects in memory, served as the domain asks for them."""

from typing import Any

from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.resources import CLUSTERS
from cnpg_mcp.kube.client import ObjectPage, Selection
from cnpg_mcp.kube.errors import KubeError
from cnpg_mcp.kube.objects import Resource
from test.unit.build_cluster import NOW


class Served:
    """The reading verbs over given objects; `pages` repeats a collection that many times."""

    def __init__(
        self, cluster: dict[str, Any], objects: dict[str, list], pages: dict[str, int] | None = None
    ) -> None:
        self._cluster = cluster
        self._objects = objects
        self._pages = pages or {}

    async def get(self, resource: Resource, namespace: str | None, name: str) -> dict[str, Any]:
        assert resource == CLUSTERS
        return self._cluster

    async def list(self, resource: Resource, selection: Selection) -> ObjectPage:
        items = tuple(self._objects.get(resource.plural) or ())
        page = int(selection.continue_token or 1)
        return ObjectPage(
            items, str(page + 1) if page < self._pages.get(resource.plural, 1) else ""
        )

    async def proxy(self, *_: object, **__: object) -> dict[str, Any]:
        raise KubeError("nobody answers")


def estate(kube: Any) -> Estate:
    """An estate at the moment that built scenes are made for."""
    return Estate(kube, "shop", now=lambda: NOW)
