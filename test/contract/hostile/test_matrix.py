"""Every call that changes something, broken at each of its requests in every way.

Whatever breaks: what is there then is what the answer says, and nothing foreign is touched.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from test.contract.backend import Backend
from test.contract.hostile.faults import Fault, Strike
from test.contract.hostile.scenes import SCENES, Scene
from test.contract.hostile.stage import Stage, open_stage
from test.contract.hostile.world import World

AT_ONCE = 6
"""Runs under way at the same time, each in a namespace of its own: many of them only wait."""
LEAST_STEPS = 3


@pytest.fixture(scope="module")
def worlds(quiet: Backend) -> list[World]:
    """Namespaces, each with a user of its own."""
    names = [quiet.create_namespace() for _ in range(AT_ONCE)]
    return [World(name, quiet.user([name])) for name in names]


@pytest.fixture
async def stages(
    scene: Scene,
    quiet: Backend,
    worlds: list[World],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[list[Stage]]:
    """Stages for one scene. What stays where it is when its cluster is gone is not waited for."""
    monkeypatch.setattr("cnpg_mcp.domain.deletion.delete._LEAST_WAIT", 1)
    async with AsyncExitStack() as stack:
        admin = await stack.enter_async_context(quiet.admin())
        await asyncio.gather(*(world.enter(admin, inline=scene.inline) for world in worlds))
        yield [
            await stack.enter_async_context(open_stage(scene, world, tmp_path)) for world in worlds
        ]


@pytest.mark.parametrize("scene", SCENES, ids=str)
async def test_state_is_what_the_answer_says(scene: Scene, stages: list[Stage]) -> None:
    steps, standard = await stages[0].clean()
    assert len(steps) >= LEAST_STEPS
    assert any(step.changes for step in steps)
    cases = [(step, strike) for step in steps for strike in step.strikes()]
    wrong: list[str] = []

    async def work(stage: Stage) -> None:
        while cases:
            wrong.extend(await stage.run(*cases.pop(), standard))

    await asyncio.gather(*map(work, stages))
    assert not wrong, f"{len(wrong)} wrong:\n" + "\n".join(wrong)


_DISTURBANCES = (Fault.CONFLICT, Fault.CUT)


@pytest.mark.parametrize("scene", SCENES, ids=str)
async def test_plans_and_dry_runs_change_nothing(scene: Scene, stages: list[Stage]) -> None:
    stage = stages[0]
    await stage.world.arrange()
    assert await stage.changing_steps(None, None) == []
    for step in [*stage.proxy.steps]:
        for fault in _DISTURBANCES:
            assert await stage.changing_steps(step, Strike(fault)) == [], (step, fault)
    assert (await stage.world.look()).objects == stage.world.view.objects
