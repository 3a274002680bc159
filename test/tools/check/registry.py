"""A check is data and a function; a registry is a list of them that can be chosen from."""

import fnmatch
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from test.tools.check.visit import Visit

Run = Callable[["Visit"], Awaitable[None]]


class CheckFailed(Exception):
    """The server is not as it should be; the text says in what."""


class CheckSkipped(Exception):
    """The check has nothing to look at here; the text says why."""


class State(StrEnum):
    """How a check ended."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Check:
    """One check.

    `needs` names checks that have to pass before. `writes` marks what changes the cluster.
    """

    name: str
    about: str
    run: Run
    needs: tuple[str, ...] = ()
    writes: bool = False


@dataclass(frozen=True)
class Result:
    """How one check ended, after how many seconds, and why."""

    name: str
    state: State
    seconds: float = 0.0
    reason: str | None = None


class Registry:
    """The checks, in the order in which they run.

    Args:
        parts: registries whose checks come first.
    """

    def __init__(self, *parts: "Registry") -> None:
        self._checks = {check.name: check for part in parts for check in part}

    def check(
        self, name: str, about: str, *, needs: Sequence[str] = (), writes: bool = False
    ) -> Callable[[Run], Run]:
        """Declares a function as a check; what it needs is declared before it."""

        def declare(run: Run) -> Run:
            unknown = [each for each in needs if each not in self._checks]
            if unknown or name in self._checks:
                raise ValueError(f"{name}: declared twice, or before {unknown}")
            self._checks[name] = Check(name, about, run, tuple(needs), writes)
            return run

        return declare

    def __len__(self) -> int:
        return len(self._checks)

    def __iter__(self) -> Iterator[Check]:
        return iter(self._checks.values())

    def chosen(self, patterns: Collection[str], *, writes: bool) -> list[Check]:
        """The checks to run.

        Patterns are shell patterns, or the part of a name before a dot; without any, it is all
        checks, those that write only when asked for. What a chosen check needs is chosen, too.
        """
        if not patterns:
            return [check for check in self._checks.values() if writes or not check.writes]
        wanted = {name for name in self._checks if any(_fits(name, each) for each in patterns)}
        for name in reversed(self._checks):
            if name in wanted:
                wanted.update(self._checks[name].needs)
        return [check for name, check in self._checks.items() if name in wanted]


def _fits(name: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(name, pattern) or name.partition(".")[0] == pattern


def require(holds: object, otherwise: str) -> None:
    """Fails the check unless something holds.

    Raises:
        CheckFailed: it does not.
    """
    if not holds:
        raise CheckFailed(otherwise)
