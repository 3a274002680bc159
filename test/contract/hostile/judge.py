"""Whether what a call has left behind is what its answer says."""

from collections import Counter
from dataclasses import dataclass

from fastmcp.client.client import CallToolResult

from cnpg_mcp.errors import ErrorCode
from test.contract.caller import ERROR, Content
from test.contract.hostile.world import Shape, View, versions

_UNKNOWN_FATE = {ErrorCode.UNAVAILABLE, ErrorCode.TIMEOUT}
_TELLS_WHAT_STANDS = {*_UNKNOWN_FATE, ErrorCode.BLOCKED}
_DONE = {"accepted", "applied", "unchanged"}


@dataclass(frozen=True)
class Told:
    """What a call has answered; `None` where it was cancelled."""

    text: str
    content: Content | None = None
    error: Content | None = None

    @classmethod
    def by(cls, result: CallToolResult) -> "Told":
        """The answer of a call."""
        text = "\n".join(part.text for part in result.content)
        if result.is_error:
            return cls(text, error=(result.meta or {}).get(ERROR, {}))
        return cls(text, content=result.structured_content)

    def names(self, shapes: Counter[Shape]) -> bool:
        """Whether it names all of these objects."""
        return all(name in self.text for _, name, _ in shapes)


@dataclass(frozen=True)
class Standard:
    """A clean run: what it leaves, and what of it is touched at all.

    `asked`: what it leaves when nobody waits for the operator.
    """

    before: Counter[Shape]
    after: Counter[Shape]
    touched: frozenset[tuple[str, str]]
    asked: Counter[Shape]

    @classmethod
    def of(cls, before: View, after: View) -> "Standard":
        """By what was there before and after."""
        then, now = versions(before), versions(after)
        touched = frozenset(key for key in then if now.get(key) != then[key])
        shapes = after.shapes(before)
        return cls(before.shapes(before), shapes, touched, shapes)

    def is_done(self, found: Counter[Shape]) -> bool:
        """Whether what is there is what the call asks for."""
        return found in (self.asked, self.after)


def faults_of(
    standard: Standard, told: Told | None, before: View, after: View, *, later: bool
) -> list[str]:
    """What is wrong with a run."""
    wrong = _foreign(standard, before, after)
    missing = after.dangling() - before.dangling()
    if missing:
        wrong.append(f"declared, but there is no Secret {missing}")
    found = after.shapes(before)
    orphans = {name for name in after.orphans() if told is None or name not in told.text}
    whole = found == standard.before or standard.is_done(found)
    if orphans and not whole:
        wrong.append(f"Secrets of nobody: {orphans}")
    if told is None:
        if whole or (later and _is_on_the_way(standard, found)):
            return wrong
        return [*wrong, f"cancelled half way: {_difference(standard, found)}"]
    if told.error is not None:
        return [*wrong, *_refusal(standard, told, found)]
    return [*wrong, *_success(standard, told, found, after, later=later)]


def _foreign(standard: Standard, before: View, after: View) -> list[str]:
    then, now = versions(before), versions(after)
    theirs = then.keys() - standard.touched
    return [f"touched what is not its own: {key}" for key in theirs if now.get(key) != then[key]]


def _refusal(standard: Standard, told: Told, found: Counter[Shape]) -> list[str]:
    error = told.error or {}
    wrong = []
    if error.get("code") not in set(ErrorCode) - {ErrorCode.INTERNAL} or not error["next_step"]:
        wrong.append(f"no proper error: {told.text}")
    if found == standard.before:
        return wrong
    difference = _difference(standard, found)
    if error.get("code") not in _TELLS_WHAT_STANDS:
        return [*wrong, f"says {told.text!r}, and yet {difference}"]
    unknown = error.get("code") in _UNKNOWN_FATE and " may " in told.text
    may_be_done = unknown and standard.is_done(found)
    made_or_lost = (found - standard.before) + (standard.before - found)
    if not may_be_done and not told.names(made_or_lost):
        wrong.append(f"does not tell what is left: {told.text!r}, {difference}")
    return wrong


def _success(
    standard: Standard, told: Told, found: Counter[Shape], after: View, *, later: bool
) -> list[str]:
    content = told.content or {}
    wrong = []
    if content.get("outcome") not in _DONE:
        wrong.append(f"no outcome of a change: {told.text!r}")
    secret = content.get("secret")
    if secret and ("secrets", secret["name"]) not in after.objects:
        wrong.append(f"names a Secret that is not there: {secret}")
    if found == standard.after:
        return wrong
    goes_on = later and content.get("outcome") == "accepted" and content.get("next_step")
    if goes_on and (found == standard.asked or _is_on_the_way(standard, found)):
        return wrong
    return [*wrong, f"says {told.text!r}, and yet {_difference(standard, found)}"]


def _is_on_the_way(standard: Standard, found: Counter[Shape]) -> bool:
    """Whether all that is missing to a clean run is the deletion of what was there before."""
    return not standard.after - found and not found - standard.after - standard.before


def _difference(standard: Standard, found: Counter[Shape]) -> str:
    then = _brief(found - standard.before), _brief(standard.before - found)
    clean = _brief(found - standard.after), _brief(standard.after - found)
    return f"of before: +{then[0]} -{then[1]}; of a clean run: +{clean[0]} -{clean[1]}"


def _brief(shapes: Counter[Shape]) -> list[str]:
    return [f"{kind}/{name}" for kind, name, _ in shapes]
