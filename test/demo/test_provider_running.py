"""The demo's identity provider starts and stops, and leaves nothing behind."""

import asyncio
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from cnpg_mcp.demo.provider.provider import Provider
from test.auth.addresses import http_from
from test.auth.providers.base import listens
from test.controlplane.process import free_ports
from test.demo.provider_house import CALLBACK, Application


@pytest.fixture
def provider() -> Provider:
    (port,) = free_ports(1)
    return Provider(port, [CALLBACK])


async def test_it_answers_when_started_and_nothing_listens_when_stopped(
    provider: Provider,
) -> None:
    port = int(provider.issuer.rpartition(":")[2])
    for _ in range(2):
        await provider.start()
        async with http_from() as http:
            answer = await http.get(f"{provider.issuer}/jwks")
        assert answer.status_code == httpx.codes.OK
        await provider.stop()
        assert not listens(port)
    await provider.stop()


async def test_nothing_is_left_behind(
    provider: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    # The client below resolves names in the loop's threads: more than one could follow.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    await asyncio.to_thread(listens, 1)
    threads, tasks = set(threading.enumerate()), asyncio.all_tasks()
    handlers = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    await provider.start()
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == handlers
    async with http_from() as http:
        await Application(provider, http).code("reader")
        await provider.stop()
    assert set(threading.enumerate()) == threads
    assert asyncio.all_tasks() == tasks
    assert not await asyncio.to_thread(lambda: list(tmp_path.iterdir()))


async def test_logins_end_with_it(provider: Provider) -> None:
    async with http_from() as http:
        application = Application(provider, http)
        await provider.start()
        code = await application.code("reader")
        await provider.stop()
        await provider.start()
        answer = await application.exchange(code)
        await provider.stop()
    assert answer.json()["error"] == "invalid_grant"


async def test_port_that_is_taken_is_an_error(provider: Provider) -> None:
    await provider.start()
    other = Provider(int(provider.issuer.rpartition(":")[2]), [CALLBACK])
    with pytest.raises(OSError, match="in use"):
        await other.start()
    await other.stop()
    await provider.stop()


async def test_people_are_sent_back_where_it_was_told_last(provider: Provider) -> None:
    async with http_from() as http:
        application = Application(provider, http)
        await provider.start()
        provider.send_back_to("http://localhost:1/elsewhere")
        refused = await http.get(application.authorization())
        provider.send_back_to(CALLBACK)
        taken = await http.get(application.authorization())
        await provider.stop()
    assert (refused.status_code, taken.status_code) == (400, 200)
