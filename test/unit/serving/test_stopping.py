"""A server that is told to stop finishes what it has begun."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from test.serving import ROOT
from test.unit.serving.asgi import until


@pytest.fixture
def released(tmp_path: Path) -> Path:
    """The file that lets slow requests end."""
    return tmp_path / "released"


@pytest.fixture
def server(released: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A server with all layers, and its port."""
    command = [sys.executable, "-m", "test.unit.serving.stoppable", str(released)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    yield process, int(process.stdout.readline())
    process.kill()
    process.communicate()


async def _accepts(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


async def _until_closed(port: int) -> None:
    async with asyncio.timeout(60):
        while await _accepts(port):  # noqa: ASYNC110 - the port tells no one
            await asyncio.sleep(0.01)


async def test_slow_request_is_finished_after_sigterm(
    server: tuple[subprocess.Popen[str], int], released: Path
) -> None:
    process, port = server
    assert process.stdout
    async with httpx.AsyncClient(timeout=60) as client:
        request = client.post(f"http://127.0.0.1:{port}/slow", content=b"{}")
        answering = asyncio.create_task(request)
        assert await asyncio.to_thread(process.stdout.readline) == "at work\n"
        process.terminate()
        await _until_closed(port)
        assert not answering.done()
        released.touch()  # noqa: ASYNC240 - an empty file
        answer = await answering
    assert (answer.status_code, answer.content) == (200, b"{}")
    await until(lambda: process.poll() is not None)
