"""Everything under one roof: provider, simulation and both servers, started and ended in order."""

import argparse
import asyncio
import secrets
import signal
import sys
import tempfile
from collections.abc import Collection, Coroutine, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from cnpg_mcp.demo import planting, rights, samples
from cnpg_mcp.demo.leaflet import Leaflet, told
from cnpg_mcp.demo.pace import Pace
from cnpg_mcp.demo.pair import MAIN, TEST, DemoFailed, Server, free_port
from cnpg_mcp.demo.provider.provider import Provider
from cnpg_mcp.demo.simulation import Options, Simulation
from cnpg_mcp.demo.weather import Weather

__all__ = ["DemoFailed", "House", "run"]

TOKEN_LIFETIME = timedelta(hours=12)
_CALLBACK = "/auth/callback"
_PROVIDER_PORT = 3080
_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


@dataclass
class House:
    """The running demo."""

    folder: Path
    provider: Provider
    simulation: Simulation
    main: Server
    test: Server


async def run(given: argparse.Namespace) -> int:
    """Starts everything, says what to do with it, and ends it when told to; the exit status.

    Raises:
        DemoFailed: something did not start, or has ended.
    """
    stopped = asyncio.Event()
    with tempfile.TemporaryDirectory(prefix="cnpg-mcp-demo-") as folder, _told_to_stop(stopped):
        async with AsyncExitStack() as stack:
            sys.stderr.write("cnpg-mcp-demo: starting ...\n")
            starting = asyncio.ensure_future(_opened(given, Path(folder), stack))
            if not await _first(starting, stopped):
                return 0
            house = starting.result()
            sys.stdout.write(told(_leaflet(house, given)))
            sys.stdout.flush()
            await _until_the_end(house, stopped)
    return 0


async def _first(starting: "asyncio.Future[House]", stopped: asyncio.Event) -> bool:
    """Whether it has started before it was told to stop."""
    waiting = asyncio.ensure_future(stopped.wait())
    both: list[asyncio.Future[Any]] = [starting, waiting]
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if starting.done():
        return True
    starting.cancel()
    await asyncio.wait({starting})
    return False


async def _opened(given: argparse.Namespace, folder: Path, stack: AsyncExitStack) -> House:
    main_port = _chosen("--port", given.port)
    test_port = _chosen("--test-port", given.test_port, [main_port])
    redirects = [f"http://localhost:{main_port}{_CALLBACK}"]
    provider = Provider(free_port(_PROVIDER_PORT, [main_port, test_port]), redirects)
    stack.push_async_callback(provider.stop)
    await provider.start()
    simulation = await _simulated(given, stack)
    settings = _settings(folder, provider, simulation)
    main = Server(MAIN, main_port, folder, {**settings, **_sign_in(folder, provider)})
    test = Server(TEST, test_port, folder, settings)
    for server in (main, test):
        stack.push_async_callback(server.stop)
    await asyncio.gather(main.start(), test.start())
    return House(folder, provider, simulation, main, test)


async def _simulated(given: argparse.Namespace, stack: AsyncExitStack) -> Simulation:
    pace = Pace(given.speed)
    simulation = Simulation(Options(pace=pace, barman=True))
    stack.push_async_callback(simulation.stop)
    await simulation.start()
    for obj in rights.objects():
        await simulation.api.create(obj)
    await samples.make(simulation.api)
    if given.situation:
        await simulation.plant(given.situation)
    weather = Weather(simulation.api, pace, samples.OTHER_NAMESPACE, samples.RESTLESS)
    _until_closed(stack, weather.run())
    return simulation


def _until_closed(stack: AsyncExitStack, work: Coroutine[Any, Any, None]) -> None:
    """Lets work go on in the background until the house is closed."""
    task = asyncio.create_task(work)

    async def end() -> None:
        task.cancel()
        await asyncio.wait([task])

    stack.push_async_callback(end)


def _chosen(flag: str, wanted: int, given_away: Collection[int] = ()) -> int:
    """A free port, with a word on it where it is another one than was asked for."""
    port = free_port(wanted, given_away)
    if port != wanted:
        sys.stderr.write(f"cnpg-mcp-demo: port {wanted} ({flag}) is taken; using {port}\n")
    return port


def _settings(folder: Path, provider: Provider, simulation: Simulation) -> Mapping[str, str]:
    """What both servers are told."""
    kubeconfig = folder / "kubeconfig"
    simulation.kubeconfig(kubeconfig, rights.ACCOUNT, namespace=samples.NAMESPACE)
    return {
        "KUBECONFIG": str(kubeconfig),
        "OIDC_ISSUER": provider.issuer,
        "OIDC_AUDIENCE": provider.audience,
        "PLAN_KEY": secrets.token_urlsafe(32),
        "AUDIT_LOG": str(folder / "audit.jsonl"),
    }


def _sign_in(folder: Path, provider: Provider) -> Mapping[str, str]:
    """What the main server is told besides."""
    return {
        "AUTH0_CLIENT_ID": provider.client_id,
        "AUTH0_CLIENT_SECRET": provider.client_secret,
        "OAUTH_SIGNING_KEY": secrets.token_urlsafe(32),
        "OAUTH_STORE": str(folder / "logins"),
    }


def _leaflet(house: House, given: argparse.Namespace) -> Leaflet:
    token = house.folder / "token"
    token.touch(mode=0o600)
    token.write_text(house.provider.token("admin", TOKEN_LIFETIME))
    return Leaflet(
        main=house.main.address,
        test=house.test.address,
        token=token,
        kubeconfig=house.folder / "kubeconfig",
        logs=house.folder,
        speed=given.speed,
        situation=given.situation or "",
        incident=planting.NAMESPACE,
    )


async def _until_the_end(house: House, stopped: asyncio.Event) -> None:
    """Returns when told to stop.

    Raises:
        DemoFailed: a server has ended by itself.
    """
    endings = [asyncio.create_task(server.ended()) for server in (house.main, house.test)]
    waiting: asyncio.Task[Any] = asyncio.create_task(stopped.wait())
    await asyncio.wait([waiting, *endings], return_when=asyncio.FIRST_COMPLETED)
    ended = [each.result() for each in endings if each.done()]
    for task in (waiting, *endings):
        task.cancel()
    if ended and not stopped.is_set():
        raise DemoFailed(ended[0])
    sys.stderr.write("\ncnpg-mcp-demo: stopping ...\n")


@contextmanager
def _told_to_stop(stopped: asyncio.Event) -> Iterator[None]:
    """Inside, Ctrl-C and its like set the event."""
    loop = asyncio.get_running_loop()
    heard = [getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)]
    with suppress(NotImplementedError):  # Windows has none: Ctrl-C is a KeyboardInterrupt there
        for each in heard:
            loop.add_signal_handler(each, stopped.set)
    try:
        yield
    finally:
        with suppress(NotImplementedError):
            for each in heard:
                loop.remove_signal_handler(each)
