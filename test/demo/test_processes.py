"""The servers as processes: whose answers count, and what they end with."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from cnpg_mcp.demo import attached, house
from cnpg_mcp.demo.loopback import LoopbackServer
from cnpg_mcp.demo.pair import MAIN, TEST, Entry, PortLost, Server
from cnpg_mcp.demo.ports import Ports
from test.auth.providers.base import wait_until
from test.controlplane.process import free_ports
from test.demo.running import UP_SECONDS

DEAF = """
import signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
open(sys.argv[1], "w").close()
while True:
    time.sleep(60)
"""


@pytest.fixture
async def somebody() -> AsyncIterator[int]:
    """The port of somebody else, who answers everything with 200."""
    app = Starlette(routes=[Route("/{path:path}", lambda _: PlainTextResponse("ok"))])
    server = LoopbackServer(app)
    await server.start()
    yield server.port
    await server.stop()


def _settings(folder: Path) -> dict[str, str]:
    return {
        "OIDC_ISSUER": "http://127.0.0.1:9",
        "OIDC_AUDIENCE": "https://cnpg-mcp.test/api",
        "AUTH0_CLIENT_ID": "made-up",
        "AUTH0_CLIENT_SECRET": "made-up",
        "OAUTH_STORE": str(folder / "logins"),
    }


@pytest.mark.parametrize("entry", [MAIN, TEST], ids=lambda entry: entry.name)
async def test_answer_of_somebody_else_is_no_sign_that_a_server_is_ready(
    tmp_path: Path, somebody: int, entry: Entry
) -> None:
    server = Server(entry, tmp_path, _settings(tmp_path))
    with pytest.raises(PortLost):
        await server.start(somebody)
    await server.stop()


class Racing(Ports):
    """Gives away a port of which it believes that it is free, before all others."""

    def __init__(self, taken: int) -> None:
        super().__init__()
        self._taken: int | None = taken

    def free(self, wanted: int, kept: object = ()) -> int:
        """The taken one, once."""
        taken, self._taken = self._taken, None
        return taken or super().free(wanted)


async def test_provider_takes_the_next_port_when_somebody_was_faster(somebody: int) -> None:
    async with house.AsyncExitStack() as stack:
        provider = await house._provider(Racing(somebody), (), stack)
        assert provider.issuer != f"http://127.0.0.1:{somebody}"


@pytest.fixture
def program(tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A program that hears no request to stop, attached to this process."""
    (tmp_path / "deaf.py").write_text(DEAF)
    process = subprocess.Popen(
        [sys.executable, "-m", attached.__name__, "deaf", str(tmp_path / "started")],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
    )
    yield process
    process.kill()
    process.wait()


async def test_program_ends_with_its_starter_even_if_it_does_not_listen(
    program: "subprocess.Popen[bytes]", tmp_path: Path
) -> None:
    await asyncio.to_thread(wait_until, (tmp_path / "started").exists, "it runs", UP_SECONDS)
    assert program.stdin is not None
    program.stdin.close()
    assert await asyncio.to_thread(program.wait, UP_SECONDS) == 1


async def test_servers_take_no_module_that_lies_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secrets.py").write_text("raise SystemExit('not this one')")
    monkeypatch.chdir(tmp_path)
    (port,) = free_ports(1)
    server = Server(TEST, tmp_path, {**_settings(tmp_path), "KUBECONFIG": str(tmp_path / "none")})
    starting = asyncio.create_task(server.start(port))
    try:
        await asyncio.to_thread(
            wait_until,
            lambda: "running on" in _text(server.log) or starting.done(),
            "it listens",
            UP_SECONDS,
        )
        assert "not this one" not in _text(server.log)
    finally:
        starting.cancel()
        await server.stop()


def _text(log: Path) -> str:
    return log.read_text() if log.exists() else ""
