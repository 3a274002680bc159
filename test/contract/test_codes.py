"""Nothing is deleted, scaled down, rotated, empowered or loaded but by the code of its own plan."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from cnpg_mcp.domain.plans.code import LIFETIME, CodeVerdict
from cnpg_mcp.domain.plans.gate import _STALE, _USED
from test.contract.caller import Caller, Content
from test.contract.conftest import Kept
from test.contract.destructive import ANEW, FORMS, Change, Form
from test.contract.planning import planned
from test.contract.planted import plant, state
from test.contract.servers import OTHER_KEY, Desk
from test.contract.site import Site

OTHER_CALL = _STALE[CodeVerdict.OTHER_CALL]
OTHER_EFFECTS = _STALE[CodeVerdict.OTHER_EFFECTS]
EXPIRED = _STALE[CodeVerdict.EXPIRED]
forms = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)


async def code_of(mcp: Caller, form: Form) -> str:
    """The code of a form's plan."""
    return str((await planned(mcp, form.tool, **form.arguments))["confirmation"])


async def refused(mcp: Caller, form: Form, code: str, **arguments: Any) -> Content:
    """The error of a call with a code; it shows the plan as it is now."""
    given = {**form.arguments, **arguments, "confirmation": code}
    return await mcp.refused(form.tool, **given)


def stale(error: Content, why: str) -> bool:
    """Whether the code was refused for this reason, with a new plan that has its own code."""
    return (error["code"], error["message"]) == ("confirmation_stale", why) and bool(
        error["plan"]["effects"]
    )


# --- what leaves everything as it is, whatever the code ---


@forms
async def test_call_without_a_code_only_plans(still: Desk, form: Form) -> None:
    plan = await planned(await still.caller(), form.tool, **form.arguments)
    assert plan["effects"]


@forms
async def test_code_serves_no_other_arguments(still: Desk, form: Form) -> None:
    mcp = await still.caller()
    code = await code_of(mcp, form)
    error = await mcp.refused(form.tool, **form.other, confirmation=code)
    assert stale(error, OTHER_CALL)


@forms
async def test_code_serves_no_other_user(still: Desk, kept: Kept, form: Form) -> None:
    code = await code_of(await still.caller(), form)
    stranger = await Desk(still.site, kept.stranger).caller()
    assert stale(await refused(stranger, form, code), OTHER_CALL)


def renamed(kubeconfig: Path, copy: Path) -> None:
    """The same user in a context of another name."""
    config = yaml.safe_load(kubeconfig.read_text())
    config["contexts"][0]["name"] = config["current-context"] = "elsewhere"
    copy.write_text(yaml.safe_dump(config))


async def test_code_serves_no_other_context_of_the_same_user(still: Desk, tmp_path: Path) -> None:
    form, elsewhere = FORMS["delete-cluster"], tmp_path / still.kubeconfig.name
    renamed(still.kubeconfig, elsewhere)
    code = await code_of(await still.caller(), form)
    other = await Desk(still.site, elsewhere).caller(kube_context="elsewhere")
    assert stale(await refused(other, form, code), OTHER_CALL)


async def test_code_serves_no_other_namespace(quiet_site: Site) -> None:
    spaces = [quiet_site.namespace, quiet_site.another_namespace()]
    for namespace in spaces:
        await plant(quiet_site.admin, namespace)
    mcp = await Desk(quiet_site, quiet_site.backend.user(spaces)).caller()
    before = await state(quiet_site)
    for form in (FORMS["delete-cluster"], FORMS["delete-database"], FORMS["create-superuser"]):
        elsewhere = {"namespace": spaces[1]}
        plan = await planned(mcp, form.tool, **form.arguments, **elsewhere)
        assert stale(await refused(mcp, form, plan["confirmation"]), OTHER_CALL)
    assert await state(quiet_site) == before


@forms
async def test_code_serves_no_other_server_and_no_other_key(still: Desk, form: Form) -> None:
    code = await code_of(await still.caller(), form)
    for unlike in ({"name": "cnpg-mcp-test"}, {"key": OTHER_KEY}):
        other = await still.caller(**unlike)
        assert stale(await refused(other, form, code), OTHER_CALL)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.moment = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.moment


@forms
async def test_code_does_nothing_after_its_time(still: Desk, form: Form) -> None:
    clock = Clock()
    mcp = await still.caller(now=clock)
    code = await code_of(mcp, form)
    clock.moment += LIFETIME
    assert stale(await refused(mcp, form, code), EXPIRED)


# --- what has changed since the plan ---


@forms
async def test_code_does_nothing_once_its_plan_is_old(own: Desk, form: Form) -> None:
    mcp = await own.caller()
    for change in form.aged:
        code = await code_of(mcp, form)
        await change(own.site)
        before = await state(own.site)
        assert stale(await refused(mcp, form, code), OTHER_EFFECTS)
        assert await state(own.site) == before
    code = await code_of(mcp, form)
    await form.changed(own.site)
    before = await state(own.site)
    error = await refused(mcp, form, code)
    assert error["code"] == form.why
    assert form.why != "confirmation_stale" or stale(error, OTHER_EFFECTS)
    assert await state(own.site) == before


@pytest.mark.parametrize(("name", "anew"), ANEW.items(), ids=ANEW)
async def test_code_does_nothing_to_another_of_the_same_name(
    own: Desk, name: str, anew: Change
) -> None:
    form, mcp = FORMS[name], await own.caller()
    code = await code_of(mcp, form)
    await anew(own.site)
    before = await state(own.site)
    assert stale(await refused(mcp, form, code), OTHER_EFFECTS)
    assert await state(own.site) == before


# --- what a code does: it acts once ---


@forms
async def test_code_acts_once(own: Desk, form: Form) -> None:
    mcp, replica = await own.caller(), await own.caller()
    code = await code_of(mcp, form)
    before = await state(own.site)
    done = await mcp.call(form.tool, **form.arguments, confirmation=code)
    after = await state(own.site)
    assert done.content["outcome"] in {"accepted", "applied"}
    assert after != before
    for server in (mcp, replica):  # which does not remember the code
        again = await server.ask(form.tool, {**form.arguments, "confirmation": code})
        assert again.is_error or again.structured_content["outcome"] == "unchanged"
        assert await state(own.site) == after


MAKING = {name: form for name, form in FORMS.items() if form.makes}


@pytest.mark.parametrize("form", MAKING.values(), ids=MAKING)
async def test_code_makes_nothing_anew_that_has_been_removed(own: Desk, form: Form) -> None:
    mcp = await own.caller()
    code = await code_of(mcp, form)
    before = await state(own.site)
    await mcp.call(form.tool, **form.arguments, confirmation=code)
    for plural, name in (await state(own.site)).keys() - before.keys():
        await own.site.admin.delete(plural, own.site.namespace, name)
    assert await state(own.site) == before
    error = await refused(mcp, form, code)
    assert (error["code"], error["message"]) == ("confirmation_stale", _USED)
    assert "plan" not in error
    assert await state(own.site) == before


async def test_code_lasts_for_its_time(own: Desk) -> None:
    form, clock = FORMS["delete-database"], Clock()
    mcp = await own.caller(now=clock)
    code = await code_of(mcp, form)
    clock.moment += LIFETIME - timedelta(seconds=2)
    done = await mcp.call(form.tool, **form.arguments, confirmation=code)
    assert done.content["outcome"] in {"accepted", "applied"}
