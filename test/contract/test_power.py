"""No argument gives power or runs code without an administrator, and a plan."""

from typing import Any

import pytest

from cnpg_mcp.domain.caller import Scope
from test.contract.caller import Caller, failure
from test.contract.destructive import FORMS
from test.contract.planning import planned
from test.contract.planted import state
from test.contract.servers import Desk, person
from test.contract.site import Site
from test.contract.ways_to_power import (
    ALLOWED,
    ALLOWED_IMAGES,
    CLERK,
    NEWCOMER,
    PARAMETERS,
    PLAIN,
    WAYS,
    Arguments,
)

WRITER, ADMIN = person(Scope.WRITE), person(Scope.ADMIN)
CREATE = "create_postgres_cluster"
Code = dict[str, Any]


async def code_of_admin(mcp: Caller, tool: str, arguments: Arguments) -> Code | None:
    """The code that an administrator gets; `None` where the call can never pass."""
    result = await mcp.ask(tool, arguments)
    if result.is_error:
        assert failure(result)["code"] in {"invalid", "not_found"}, arguments
        return None
    content = result.structured_content
    assert (content["outcome"], content.get("blockers")) == ("planned", []), arguments
    return {"confirmation": content["confirmation"]}


async def has_no_code(mcp: Caller, tool: str, arguments: Arguments) -> None:
    """The plan of somebody who may write, and no more."""
    content = (await mcp.call(tool, **arguments)).content
    assert content["outcome"] == "planned", arguments
    assert [each["code"] for each in content["blockers"]] == ["insufficient_scope"]
    assert "confirmation" not in content


@pytest.mark.parametrize("argument", WAYS)
async def test_no_way_passes_without_an_administrator(own: Desk, argument: str) -> None:
    admin = await own.caller(person=ADMIN, allowed_images=ALLOWED_IMAGES)
    writer = await own.caller(person=WRITER, allowed_images=ALLOWED_IMAGES)
    before, planned_ones = await state(own.site), 0
    for tool, arguments in WAYS[argument]:
        code = await code_of_admin(admin, tool, arguments)
        if code is None:
            assert failure(await writer.ask(tool, arguments))["code"] in {"invalid", "not_found"}
            continue
        planned_ones += 1
        await has_no_code(writer, tool, arguments)
        error = await writer.refused(tool, **arguments, **code)
        assert error["code"] == "insufficient_scope"
    assert await state(own.site) == before
    assert planned_ones or argument == "labels"


async def test_no_parameter_passes_without_an_administrator(site: Site) -> None:
    mcp = await site.user()
    for parameters in PARAMETERS:
        for more in ({}, {"postgres_version": "17"}):
            arguments = {"name": "orders", "parameters": parameters, **more}
            result = await mcp.ask(CREATE, arguments)
            if result.is_error:
                assert failure(result)["code"] == "invalid", parameters
                continue
            content = result.structured_content
            loaded = {row["name"] for row in content["effects"] if row["fate"] == "loaded"}
            assert loaded == {name.lower() for name in parameters}
            assert content["outcome"] == "planned"
    assert await site.admin.list("clusters", site.namespace) == []


async def test_what_is_allowed_passes(still: Desk) -> None:
    writer = await still.caller(person=WRITER, allowed_images=ALLOWED_IMAGES)
    for image in ALLOWED:
        answer = await writer.call(CREATE, name="orders", image=image, dry_run=True)
        assert "effects" not in answer.content, image
    for tool, base in (("create_postgres_role", NEWCOMER), ("update_postgres_role", CLERK)):
        for groups in PLAIN:
            answer = await writer.call(tool, **base, in_roles=groups, dry_run=True)
            assert "effects" not in answer.content, groups


LESS = [(name, {Scope.WRITE}) for name in FORMS]
LESS += [("delete-cluster", {Scope.READ})]


async def test_who_may_not_even_read_is_shown_no_plan(still: Desk) -> None:
    form, nobody = FORMS["delete-cluster"], await still.caller(person=person())
    error = await nobody.refused(form.tool, **form.arguments)
    assert error["code"] == "insufficient_scope"
    assert "plan" not in error


@pytest.mark.parametrize(("name", "scopes"), LESS, ids=str)
async def test_code_of_an_administrator_serves_nobody_with_less(
    still: Desk, name: str, scopes: set[Scope]
) -> None:
    form, less = FORMS[name], await still.caller(person=person(*scopes))
    plan = await planned(await still.caller(person=ADMIN), form.tool, **form.arguments)
    await has_no_code(less, form.tool, dict(form.arguments))
    error = await less.refused(form.tool, **form.arguments, confirmation=plan["confirmation"])
    assert error["code"] == "insufficient_scope"
