"""What a role would join becomes powerful while the call is under way: no power without a code."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from cnpg_mcp.domain.resources import CLUSTERS, DATABASE_ROLES
from cnpg_mcp.kube.client import Kube
from cnpg_mcp.kube.errors import NotFound
from test.contract.planted import state
from test.contract.servers import Desk
from test.contract.site import Site

CREATE, UPDATE = "create_postgres_role", "update_postgres_role"
JOIN = {"cluster_name": "pg", "in_roles": ["plain"], "wait_seconds": 0}


class Interrupted(Kube):
    """The older API, without DatabaseRole; before the first real write somebody else writes."""

    def __init__(
        self, kube: Kube, meanwhile: Callable[[], Awaitable[object]], *, dry: bool
    ) -> None:
        super().__init__(kube._transport)
        self._meanwhile = meanwhile
        self._dry = dry
        self._done = False

    async def list(self, resource: Any, selection: Any) -> Any:
        if resource == DATABASE_ROLES:
            raise NotFound(404, {})
        return await super().list(resource, selection)

    async def patch(self, resource: Any, *args: Any, dry_run: bool = False, **more: Any) -> Any:
        if resource == CLUSTERS and dry_run is self._dry and not self._done:
            self._done = True
            await self._meanwhile()
        return await super().patch(resource, *args, dry_run=dry_run, **more)


async def strengthen(site: Site) -> None:
    """Makes the role `plain` a superuser."""
    found = await site.admin.get("clusters", site.namespace, "pg")
    roles = found["spec"]["managed"]["roles"]
    for role in roles:
        role["superuser"] = role.get("superuser", False) or role["name"] == "plain"
    await site.admin.patch(
        "clusters", site.namespace, "pg", {"spec": {"managed": {"roles": roles}}}
    )


async def members_of_plain(site: Site) -> set[str]:
    """The inline roles that are declared as members of `plain`."""
    found = await site.admin.get("clusters", site.namespace, "pg")
    roles = found["spec"]["managed"]["roles"]
    return {role["name"] for role in roles if "plain" in (role.get("inRoles") or [])}


@pytest.mark.parametrize(
    ("tool", "role", "dry"),
    [(CREATE, "newcomer", True), (CREATE, "newcomer", False), (UPDATE, "teller", False)],
    ids=["create-at-its-dry-run", "create", "update"],
)
async def test_power_that_came_up_meanwhile_is_not_given(
    own: Desk, tool: str, role: str, dry: bool
) -> None:
    site = own.site
    before = await members_of_plain(site)
    secrets = {key for key in await state(site) if key[0] == "secrets"}
    mcp = await own.caller(around=lambda kube: Interrupted(kube, lambda: strengthen(site), dry=dry))
    result = await mcp.ask(tool, {**JOIN, "role_name": role})
    assert await is_strong(site)
    assert await members_of_plain(site) == before
    assert {key for key in await state(site) if key[0] == "secrets"} == secrets
    assert result.is_error or result.structured_content["outcome"] == "planned"


async def is_strong(site: Site) -> bool:
    """Whether `plain` is a superuser by now."""
    found = await site.admin.get("clusters", site.namespace, "pg")
    roles = found["spec"]["managed"]["roles"]
    return any(role["name"] == "plain" and role.get("superuser") for role in roles)
