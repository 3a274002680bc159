"""A server behind a faulty proxy in a world of its own, and one call on it after the other."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import yaml
from fastmcp import Client

from cnpg_mcp.domain.estate import Estate, utc_now
from cnpg_mcp.domain.journal import Journal
from cnpg_mcp.serving.app import build_estate, build_server
from cnpg_mcp.settings import Settings
from test.contract.caller import Caller, Content
from test.contract.hostile.faults import Proxy, Step, Strike, proxy
from test.contract.hostile.judge import Standard, Told, faults_of
from test.contract.hostile.scenes import Scene
from test.contract.hostile.world import World
from test.controlplane.api import KubeClient, until

PATIENCE, IMPATIENCE = 20, 0.4
"""Seconds that the server waits for an answer of the API server, and where none will come."""
_TRIES = 10
"""Runs of one case: on a busy machine an impatient server may give up before the fault comes."""


@dataclass
class Clock:
    """The server's clock; it moves on at every plan, so that no two plans have the same code."""

    ahead: timedelta = timedelta(0)

    def now(self) -> datetime:
        """The time that it shows."""
        return utc_now() + self.ahead

    def move(self) -> None:
        """Lets a second pass: codes are bound to seconds."""
        self.ahead += timedelta(seconds=1)


@dataclass(frozen=True)
class Stage:
    """Where the runs of one scene take place, one after the other."""

    scene: Scene
    world: World
    proxy: Proxy
    caller: Caller
    estate: Estate
    clock: Clock
    log: list[str]

    async def clean(self) -> tuple[list[Step], Standard]:
        """The steps of a run that nothing disturbs, and what it leaves."""
        patience = {"wait_seconds": PATIENCE} if self.scene.later else {}
        standard = await self._undisturbed(**patience)
        steps = [*self.proxy.steps]
        if self.scene.released:
            asked = await self._undisturbed(wait_seconds=0)
            standard = replace(standard, asked=asked.after)
        return steps, standard

    async def _undisturbed(self, **more: object) -> Standard:
        await self.world.arrange()
        arguments = await self._arguments()
        self.proxy.arm()
        done = await self.caller.call(self.scene.tool, **{**arguments, **more})
        assert done.content["outcome"] == "applied" or not more.get("wait_seconds"), done.text
        return Standard.of(self.world.view, await self.world.look())

    async def run(self, step: Step, strike: Strike, standard: Standard) -> list[str]:
        """What is wrong with a run that is struck at a step."""
        for _ in range(_TRIES):
            wrong = await self._once(step, strike, standard)
            if self.proxy.struck or wrong:
                break
        else:
            wrong = ["never came"]
        return [f"{self.scene}, {step}: {strike}: {each}" for each in wrong]

    async def _once(self, step: Step, strike: Strike, standard: Standard) -> list[str]:
        await self.world.arrange()
        arguments = await self._arguments()
        self._wait_for_answers(IMPATIENCE if strike.needs_impatience else PATIENCE)
        self.proxy.arm(step, strike)
        told = await (self._cancelled if strike.fault.cancels else self._told)(arguments)
        await self._settle()
        self._wait_for_answers(PATIENCE)
        struck, after = self.proxy.struck, await self.world.look()
        later = self.scene.later
        wrong = faults_of(standard, told, self.world.view, after, later=later)
        if self.scene.planned and after.objects != self.world.view.objects:
            wrong += await self._again(arguments)
        self.proxy.struck = struck
        return wrong

    async def changing_steps(self, step: Step | None, strike: Strike | None) -> list[Step]:
        """The steps with which plans and dry runs would change something."""
        asked = [{"dry_run": True}, *([{}] if self.scene.planned else [])]
        found = []
        for more in asked:
            self.proxy.arm(step, strike)
            await self.caller.ask(self.scene.tool, {**self.scene.arguments, **more})
            await self._settle()
            found += [each for each in self.proxy.steps if each.changes]
        return found

    async def _arguments(self) -> Content:
        """What the call is made with: with a code where it needs one."""
        arguments = self.scene.arguments
        if not self.scene.planned:
            return arguments
        self.clock.move()
        self.proxy.arm()
        plan = (await self.caller.call(self.scene.tool, **arguments)).content
        assert plan.get("confirmation"), plan
        return {**arguments, "confirmation": plan["confirmation"]}

    async def _told(self, arguments: Content) -> Told:
        return Told.by(await self.caller.ask(self.scene.tool, arguments))

    async def _cancelled(self, arguments: Content) -> Told | None:
        """Gives up once the request in question is under way."""
        ended = len(self._calls())
        call = asyncio.create_task(self._told(arguments))
        held = asyncio.create_task(self.proxy.held.wait())
        await asyncio.wait([call, held], return_when=asyncio.FIRST_COMPLETED)
        held.cancel()
        if call.done():
            return call.result()
        call.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await call

        async def is_over() -> bool:
            return len(self._calls()) > ended

        await until(is_over, 30, lambda: "the server goes on with a cancelled call")
        return None

    async def _again(self, arguments: Content) -> list[str]:
        """A code that has acted is spent: the same call asks for no change any more."""
        self.proxy.arm()
        result = await self.caller.ask(self.scene.tool, arguments)
        changes = [str(each) for each in self.proxy.steps if each.changes]
        return [f"a code acts twice: {changes}, {Told.by(result).text!r}"] if changes else []

    async def _settle(self) -> None:
        """Waits until neither the server nor the proxy is at work."""
        await self.proxy.calm()
        await self.estate.work.drain()
        await self.proxy.calm()

    def _wait_for_answers(self, seconds: float) -> None:
        self.estate.kube._transport.deadline = seconds

    def _calls(self) -> list[str]:
        """The audit lines of calls that have ended."""
        return [line for line in self.log if '"event":"call"' in line]


@asynccontextmanager
async def open_stage(scene: Scene, world: World, folder: Path) -> AsyncIterator[Stage]:
    """A server that reaches the world's API server through a proxy."""
    async with AsyncExitStack() as stack:
        user = await stack.enter_async_context(KubeClient(world.user))
        hidden = "databaseroles" if scene.inline else None
        between = await stack.enter_async_context(
            proxy(user, hidden=hidden, stand_ins=scene.stand_ins)
        )
        kubeconfig = folder / f"{world.namespace}.kubeconfig"
        kubeconfig.write_text(yaml.safe_dump(_kubeconfig(between.url, world.namespace)))
        settings = Settings(kubeconfig=str(kubeconfig), kube_timeout=PATIENCE)
        clock, log = Clock(), list[str]()
        estate = replace(
            build_estate(settings, "cnpg-mcp"), now=clock.now, journal=Journal(sink=log.append)
        )
        client = await stack.enter_async_context(Client(build_server("cnpg-mcp", estate)))
        between.operator = partial(_release, world) if scene.released else None
        yield Stage(scene, world, between, Caller(client), estate, clock, log)


async def _release(world: World, step: Step) -> None:
    """Drops the role in question, and lets go what declares it."""
    if step.path.endswith("/clusters/pg"):
        await world.drop("clerk")
    if step.method == "DELETE" and "/databaseroles/" in step.path:
        await world.let_go("databaseroles", step.path.rsplit("/", 1)[-1])


def _kubeconfig(url: str, namespace: str) -> Content:
    context = {"cluster": "proxy", "user": "user", "namespace": namespace}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "proxy", "cluster": {"server": url}}],
        "users": [{"name": "user", "user": {"token": "not-used"}}],
        "contexts": [{"name": "proxy", "context": context}],
        "current-context": "proxy",
    }
