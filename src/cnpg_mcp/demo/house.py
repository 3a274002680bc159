"""Everything under one roof: provider, simulation and both servers, started and ended in order."""

import argparse
import asyncio
import errno
import secrets
import signal
from collections.abc import Collection, Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from cnpg_mcp.demo import planting, rights, samples
from cnpg_mcp.demo.failure import DemoFailed, explained
from cnpg_mcp.demo.folder import own_folder
from cnpg_mcp.demo.leaflet import Leaflet, told
from cnpg_mcp.demo.logs import logged
from cnpg_mcp.demo.pace import Pace
from cnpg_mcp.demo.pair import MAIN, TEST, PortLost, Server
from cnpg_mcp.demo.ports import Ports
from cnpg_mcp.demo.provider.provider import Provider
from cnpg_mcp.demo.screen import goodbye, page, remark
from cnpg_mcp.demo.simulation import Options, Simulation
from cnpg_mcp.demo.weather import Weather

TOKEN_LIFETIME = timedelta(hours=12)
_KUBECONFIG, _TOKEN = "kubeconfig", "token"
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
    try:
        with _told_to_stop(stopped), own_folder() as folder, logged(folder / "demo.log"):
            await _lived_in(given, folder, stopped)
    except OSError as error:
        raise DemoFailed(explained(error)) from error
    return 0


async def _lived_in(given: argparse.Namespace, folder: Path, stopped: asyncio.Event) -> None:
    async with AsyncExitStack() as stack:
        remark("starting ...")
        starting = asyncio.ensure_future(_opened(given, folder, stack))
        if not await _first(starting, stopped):
            return
        house = starting.result()
        page(told(_leaflet(house, given)))
        await _until_the_end(house, stopped)


async def _first(starting: "asyncio.Future[House]", stopped: asyncio.Event) -> bool:
    """Whether it has started before it was told to stop."""
    waiting = asyncio.ensure_future(stopped.wait())
    both: list[asyncio.Future[Any]] = [starting, waiting]
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if starting.done():
        return True
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    return False


async def _opened(given: argparse.Namespace, folder: Path, stack: AsyncExitStack) -> House:
    ports = Ports()
    provider = await _provider(ports, (given.port, given.test_port), stack)
    house = _furnished(folder, provider, await _simulated(given, stack))
    _write_kubeconfig(house)
    _write_token(house)
    for server in (house.main, house.test):
        stack.push_async_callback(server.stop)
    await _all(
        _start(house.main, ports, "--port", given.port),
        _start(house.test, ports, "--test-port", given.test_port),
    )
    provider.send_back_to(f"http://localhost:{house.main.port}{_CALLBACK}")
    return house


async def _provider(ports: Ports, wanted: Collection[int], stack: AsyncExitStack) -> Provider:
    """The provider, listening at a port that is not wanted for a server."""
    while True:
        provider = Provider(ports.free(_PROVIDER_PORT, wanted), ())
        try:
            await provider.start()
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            continue
        stack.push_async_callback(provider.stop)
        return provider


async def _start(server: Server, ports: Ports, flag: str, wanted: int) -> None:
    """Starts it at the wanted port, or the next one that it gets, with a word on that."""
    while True:
        port = ports.free(wanted)
        if port != wanted:
            remark(f"port {wanted} ({flag}) is taken; using {port}")
        with suppress(PortLost):
            await server.start(port)
            return


async def _all(*starts: Coroutine[Any, Any, None]) -> None:
    """Waits for all of them; where one fails the others are given up."""
    tasks = [asyncio.create_task(each) for each in starts]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


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


def _furnished(folder: Path, provider: Provider, simulation: Simulation) -> House:
    """The house, with servers that know their settings and are not started."""
    both = {
        "KUBECONFIG": str(folder / _KUBECONFIG),
        "OIDC_ISSUER": provider.issuer,
        "OIDC_AUDIENCE": provider.audience,
        "PLAN_KEY": secrets.token_urlsafe(32),
        "AUDIT_LOG": str(folder / "audit.jsonl"),
    }
    sign_in = {
        "AUTH0_CLIENT_ID": provider.client_id,
        "AUTH0_CLIENT_SECRET": provider.client_secret,
        "OAUTH_SIGNING_KEY": secrets.token_urlsafe(32),
        "OAUTH_STORE": str(folder / "logins"),
    }
    main, test = Server(MAIN, folder, {**both, **sign_in}), Server(TEST, folder, both)
    return House(folder, provider, simulation, main, test)


def _write_kubeconfig(house: House) -> None:
    """For the account that the servers have in an installation."""
    path = house.folder / _KUBECONFIG
    house.simulation.kubeconfig(path, rights.ACCOUNT, namespace=samples.NAMESPACE)


def _write_token(house: House) -> None:
    """For whoever has no browser."""
    token = house.folder / _TOKEN
    token.touch(mode=0o600)
    token.write_text(house.provider.token("admin", TOKEN_LIFETIME))


def _leaflet(house: House, given: argparse.Namespace) -> Leaflet:
    return Leaflet(
        main=house.main.address,
        test=house.test.address,
        token=house.folder / _TOKEN,
        kubeconfig=house.folder / _KUBECONFIG,
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
    goodbye()


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
