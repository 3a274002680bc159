"""What the checks of one run share."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fastmcp import Client

from test.tools.check.calls import Caller, Content
from test.tools.check.options import Options
from test.tools.check.registry import CheckFailed
from test.tools.check.wire import Era, Wire
from test.tools.speech import Failure, told

PACE_SECONDS = 1.0


@dataclass(frozen=True)
class Place:
    """A cluster by namespace and name."""

    namespace: str
    name: str


@dataclass
class Own:
    """The cluster that this run makes, under a name that nobody else has.

    `made`: it may be there, so it has to be removed. `answered`: the call that makes it is over.
    """

    namespace: str
    name: str = field(default_factory=lambda: f"check-{secrets.token_hex(4)}")
    role: str = "check_clerk"
    database: str = "check_shop"
    made: bool = False
    answered: bool = False

    @property
    def cluster(self) -> dict[str, str]:
        """The arguments that name it to tools about clusters."""
        return {"namespace": self.namespace, "name": self.name}

    @property
    def within(self) -> dict[str, str]:
        """The arguments that name it to tools about what is in it."""
        return {"namespace": self.namespace, "cluster_name": self.name}


@dataclass
class Visit:
    """One run: its connections, what it has found, what it has made."""

    options: Options
    wire: Wire
    eras: Mapping[Era, Client[Any] | Failure]
    own: Own
    found: Place | None = None
    seen: str = ""
    """What was seen last while waiting: the reason when time is up."""

    @property
    def client(self) -> Client[Any]:
        """The client of the newest era that the server speaks."""
        opened = [each for each in self.eras.values() if isinstance(each, Client)]
        return opened[0]

    @property
    def caller(self) -> Caller:
        """Calls tools."""
        return Caller(self.client, self.wire)

    async def until(
        self, look: Callable[[], Awaitable[Content]], holds: Callable[[Content], object]
    ) -> Content:
        """Looks again and again until it is so; the check's time limit ends it."""
        while True:
            content = await look()
            if holds(content):
                return content
            self.seen = told(dict(content))
            await asyncio.sleep(PACE_SECONDS)

    async def confirmed(self, tool: str, **arguments: object) -> Content:
        """The answer to a call that is repeated with the code of its plan.

        Raises:
            CheckFailed: there is no plan, or something blocks it.
        """
        plan = await self.caller.call(tool, **arguments)
        code = plan.get("confirmation")
        if plan.get("outcome") != "planned" or not code:
            blockers = [row.get("code") for row in plan.get("blockers") or ()]
            raise CheckFailed(
                f"{tool} answers {plan.get('outcome')} instead of a plan with a code "
                f"(blockers: {told(blockers)})"
            )
        return await self.caller.call(tool, **arguments, confirmation=code)
