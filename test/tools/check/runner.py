"""Running checks in order: each bounded in time, each with a reason where it does not pass."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from test.tools.check.registry import Check, CheckFailed, CheckSkipped, Result, State
from test.tools.check.visit import Visit
from test.tools.speech import told

Tell = Callable[[Result], None]


@dataclass
class Report:
    """What has come of a run so far."""

    results: list[Result] = field(default_factory=list)
    left_out: int = 0
    """Checks that write, where writing was not asked for."""
    server: Mapping[str, str | None] = field(default_factory=dict)
    stopped: bool = False

    def count(self, state: State) -> int:
        """How many checks ended so."""
        return sum(result.state is state for result in self.results)

    def state(self, name: str) -> State | None:
        """How a check ended, if it has."""
        return next((each.state for each in self.results if each.name == name), None)


async def run(checks: Sequence[Check], visit: Visit, report: Report, tell: Tell) -> None:
    """Runs the checks; each result is in the report, and told, at once."""
    for check in checks:
        result = _not_run(check, visit, report) or await _attempted(check, visit)
        report.results.append(result)
        tell(result)


def skip_rest(checks: Sequence[Check], report: Report, reason: str, tell: Tell) -> None:
    """Marks all that has not been run."""
    for check in checks:
        if report.state(check.name) is None:
            report.results.append(Result(check.name, State.SKIPPED, reason=reason))
            tell(report.results[-1])


def _not_run(check: Check, visit: Visit, report: Report) -> Result | None:
    """Why a check cannot be run, if so."""
    if check.writes and not visit.options.writes:
        return Result(check.name, State.SKIPPED, reason="it writes, and --write was not given")
    for name in check.needs:
        if (state := report.state(name)) is not State.PASSED:
            how = "failed" if state is State.FAILED else "was skipped"
            return Result(check.name, State.SKIPPED, reason=f"it needs {name}, which {how}")
    return None


async def _attempted(check: Check, visit: Visit) -> Result:
    started, limit, visit.seen = time.monotonic(), visit.options.timeout, ""

    def result(state: State, reason: object = None) -> Result:
        said = visit.wire.clean(told(reason)) if reason is not None else None
        return Result(check.name, state, time.monotonic() - started, said)

    try:
        async with asyncio.timeout(limit):
            await check.run(visit)
    except CheckSkipped as skipped:
        return result(State.SKIPPED, skipped)
    except CheckFailed as failed:
        return result(State.FAILED, failed)
    except TimeoutError:
        seen = f"; last seen: {visit.seen}" if visit.seen else ""
        return result(State.FAILED, f"took longer than {limit:g} seconds{seen}")
    except Exception as error:  # noqa: BLE001 - whatever the libraries raise, the run goes on
        return result(State.FAILED, f"{type(error).__name__}: {error}")
    return result(State.PASSED)
