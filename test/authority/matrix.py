"""The calls of the matrix, made by anybody: with the code that an administrator was given."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import httpx

from test.authority.asking import Caller, outcome
from test.authority.cells import Cell, Kind
from test.authority.house import House
from test.authority.rules import WRITES, expected
from test.authority.standing import ADMIN, Standing, Tokens
from test.authority.world import World

AT_ONCE = 8
Houses = Callable[[str, Standing], House]
"""The server of a kind, with the settings under which somebody has what they have."""


@dataclass
class Matrix:
    """Asks the same of everybody."""

    houses: Houses
    tokens: Tokens
    world: World
    _codes: dict[tuple[str, Cell, str], str] = field(default_factory=dict)

    def caller(self, http: httpx.AsyncClient, kind: str, standing: Standing, era: str) -> Caller:
        """Somebody at their server."""
        house = self.houses(kind, standing)
        return Caller(http, house, self.tokens.of(house, standing), era)

    async def outcomes(
        self, caller: Caller, standing: Standing, asked: Iterable[Cell], **headers: str
    ) -> dict[str, str]:
        """What comes of calls, several at a time."""
        turn = asyncio.Semaphore(AT_ONCE)

        async def found(cell: Cell) -> tuple[str, str]:
            async with turn:
                return str(cell), outcome(await self.answer(caller, standing, cell, **headers))

        return dict(await asyncio.gather(*map(found, asked)))

    async def answer(
        self, caller: Caller, standing: Standing, cell: Cell, **headers: str
    ) -> httpx.Response:
        """The answer to a call; one that applies has a code that is right in all but the scope."""
        space = self._space(cell, standing, caller.era)
        arguments = {**cell.arguments, "namespace": space}
        if cell.kind is Kind.APPLY:
            arguments["confirmation"] = await self._code(caller, cell, space)
        return await caller.ask(cell.tool, arguments, **headers)

    def _space(self, cell: Cell, standing: Standing, era: str) -> str:
        """The namespace: the open one unless it is a write that is allowed."""
        is_write = expected(cell, standing) == WRITES
        return self.world.frozen[era] if is_write else self.world.open

    async def _code(self, caller: Caller, cell: Cell, space: str) -> str:
        """What the same person was given at the same server when they had all rights."""
        key = (caller.house.mcp, cell, space)
        if key not in self._codes:
            token = self.tokens.of(caller.house, ADMIN)
            administrator = Caller(caller.http, caller.house, token, caller.era)
            arguments = {**cell.arguments, "namespace": space}
            self._codes[key] = await administrator.code(cell.tool, arguments)
        return self._codes[key]
