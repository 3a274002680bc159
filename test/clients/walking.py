"""Programs that wait for a person: they print an address for the browser, and go on afterwards."""

import asyncio
import os
import re
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import Sequence
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import httpx

from test.auth.providers.base import listens, wait_until

SECONDS = 240
_ADDRESS = re.compile(r"https?://\S+/authorize\?\S+")


class Waiting:
    """A program whose lines are read as they come; it is ended with the context.

    Args:
        command: the program with its arguments.
        stdin: what it reads from; without it a line can be told to it at the end.
        environment: variables besides those of the tests.
    """

    def __init__(self, command: Sequence[str], *, stdin: int = PIPE, **environment: str) -> None:
        self._command = command
        self._stdin = stdin
        self._environment = {**os.environ, **environment}
        self._seen: list[str] = []
        self._process: Process

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            *self._command, env=self._environment, stdin=self._stdin, stdout=PIPE, stderr=STDOUT
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process.returncode is None:
            self._process.kill()
            await self._process.communicate()

    async def address(self) -> str:
        """The next address of an authorization request in what it prints.

        Raises:
            EOFError: the program has ended instead; the text is all it said.
        """
        while True:
            found = _ADDRESS.search(await self._line())
            if found:
                return found[0]

    async def end(self, said: str | None = None) -> tuple[int, str]:
        """Its exit status and all it has printed, after it was told a line (or nothing)."""
        told = None if said is None else said.encode()
        out, _ = await asyncio.wait_for(self._process.communicate(told), SECONDS)
        self._seen += out.decode().splitlines()
        return self._process.returncode or 0, "\n".join(self._seen)

    async def _line(self) -> str:
        assert self._process.stdout is not None
        read = (await asyncio.wait_for(self._process.stdout.readline(), SECONDS)).decode()
        if not read:
            raise EOFError("\n".join(self._seen))
        self._seen.append(read.rstrip())
        return self._seen[-1].strip()


async def go_back(http: httpx.AsyncClient, address: str) -> None:
    """Goes to where a program waits for the browser, once it listens there."""
    port = urlsplit(address).port or 0
    await asyncio.to_thread(wait_until, lambda: listens(port), "the program waits for the browser")
    await http.get(address)
