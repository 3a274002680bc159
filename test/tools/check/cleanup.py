"""Removing what a run has made, whatever has become of the run."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from test.tools.check.calls import Caller, Content, ToolRefused
from test.tools.check.registry import Result, State
from test.tools.check.visit import PACE_SECONDS, Own
from test.tools.check.wire import Era, Wire
from test.tools.speech import Failure, told

NAME = "clean-up"
_TOOL = "delete_postgres_cluster"
_WAIT = 30
_FINAL = {"forbidden", "insufficient_scope", "protected", "unsupported", "invalid"}
"""Codes that asking again does not change."""


@dataclass(frozen=True)
class Patience:
    """Seconds: for all of it, between two tries, and for what may still come into being.

    `now` is the clock by which the last of them is judged.
    """

    whole: float = 120.0
    pace: float = PACE_SECONDS
    late: float = 5.0
    now: Callable[[], float] = time.monotonic


async def clean_up(wire: Wire, own: Own, patience: Patience | None = None) -> Result | None:
    """Removes the cluster with all that is in it; nothing where none was made.

    Over a connection of its own: the others may be what has failed.
    """
    if not own.made:
        return None
    started = time.monotonic()
    left = _Left(patience or Patience())
    try:
        async with asyncio.timeout(left.patience.whole):
            await _remove(wire, own, left)
    except TimeoutError:
        return _result(State.FAILED, started, own, f"time is up: {left.reason}")
    except _Stuck as stuck:
        return _result(State.FAILED, started, own, str(stuck))
    except asyncio.CancelledError:
        return _result(State.FAILED, started, own, "stopped")
    return _result(State.PASSED, started, own)


@dataclass
class _Left:
    """Why the cluster may still be there, and since when it is not seen any more."""

    patience: Patience
    reason: str = "the server cannot be reached"
    unseen_since: float | None = None


async def _remove(wire: Wire, own: Own, left: _Left) -> None:
    while True:
        try:
            await _connected_removal(wire, own, left)
        except _Gone:
            own.made = False
            return
        except _Stuck:
            raise
        except Failure as failure:
            left.reason = failure.message
        except Exception as error:  # noqa: BLE001 - a connection may break in any way; tried again
            left.reason = told(error) or type(error).__name__
        await asyncio.sleep(left.patience.pace)


class _Gone(Exception):
    """There is nothing left to remove."""


class _Stuck(Exception):
    """It cannot be removed from here; the text says why."""


async def _connected_removal(wire: Wire, own: Own, left: _Left) -> None:
    async with AsyncExitStack() as stack:
        opened = await wire.opened(Era.MODERN, stack)
        if isinstance(opened, Failure):
            raise opened
        while True:
            try:
                await _ask_for_removal(Caller(opened, wire), own)
            except ToolRefused as refused:
                if refused.code == "not_found" and _stays_away(own, left):
                    raise _Gone from None
                if refused.code in _FINAL:
                    raise _Stuck(str(refused)) from None
                left.reason = str(refused)
            await asyncio.sleep(left.patience.pace)


def _stays_away(own: Own, left: _Left) -> bool:
    """Whether it will not come yet: a create that nobody waits for may still be at work."""
    now = left.patience.now()
    left.unseen_since = left.unseen_since or now
    return own.answered or now - left.unseen_since > left.patience.late


async def _ask_for_removal(caller: Caller, own: Own) -> None:
    arguments = {**own.cluster, "without_backup": True, "delete_dependents": True}
    plan = await caller.call(_TOOL, **arguments)
    code = plan.get("confirmation")
    if not code:
        raise _Stuck(f"its deletion is blocked: {_blockers(plan)}")
    await caller.call(_TOOL, **arguments, confirmation=code, wait_seconds=_WAIT)


def _blockers(plan: Content) -> str:
    return told([row.get("message") for row in plan.get("blockers") or ()])


def _result(state: State, started: float, own: Own, reason: str | None = None) -> Result:
    where = f"cluster {own.namespace}/{own.name}"
    told_reason = f"{where} is left behind: {reason}" if reason else None
    return Result(NAME, state, time.monotonic() - started, told_reason)
