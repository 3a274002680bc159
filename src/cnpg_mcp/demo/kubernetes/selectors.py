"""Label and field selectors, with the syntax and the refusals of the API server."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.kubernetes import naming
from cnpg_mcp.demo.kubernetes.failures import bad_request
from cnpg_mcp.demo.kubernetes.label_syntax import Requirement, Unparsable, requirements

Test = Callable[[KubeObject], bool]
Read = Callable[[KubeObject], str]

_FIELD = re.compile(r"(?P<key>.*?)(?P<operator>!=|==|=)(?P<value>.*)", re.DOTALL)
_UNESCAPED_COMMA = re.compile(r"(?:[^,\\]|\\.?)+", re.DOTALL)
_VALUE_PART = re.compile(r"\\(?P<escaped>.?)|(?P<sign>[,=])|[^\\,=]+", re.DOTALL)


@dataclass(frozen=True)
class Selector:
    """A conjunction of tests. Without any it selects everything."""

    tests: tuple[Test, ...] = ()

    def __call__(self, obj: KubeObject) -> bool:
        """Whether the object is selected."""
        return all(test(obj) for test in self.tests)

    def __bool__(self) -> bool:
        """Whether anything is asked for at all."""
        return bool(self.tests)


def labels(text: str) -> Selector:
    """A label selector: `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1`.

    Raises:
        Failure: 400, where the text is none.
    """
    try:
        found = list(requirements(text))
        for each in found:
            _check(each)
    except Unparsable as error:
        raise bad_request(str(error)) from error
    return Selector(tuple(map(_label_test, found)))


def fields(text: str, known: Mapping[str, Read]) -> Selector:
    """A field selector: `a=b,c!=d`, over the fields that the kind allows.

    Raises:
        Failure: 400, where the text is none, or names another field.
    """
    return Selector(tuple(_field_tests(text, known)))


def _check(requirement: Requirement) -> None:
    """Returns where keys and values are ones that labels may have.

    Raises:
        Unparsable: they are not.
    """
    key = requirement.key
    for told in naming.qualified(key):
        raise Unparsable.within(f'<nil>: Invalid value: "{key}": {told}')
    if requirement.operator in (">", "<"):
        _check_number(requirement.values[0])
        return
    for number, value in enumerate(requirement.values):
        for told in naming.label_value(value):
            raise Unparsable.within(f'values[{number}][{key}]: Invalid value: "{value}": {told}')


def _check_number(value: str) -> None:
    if not re.fullmatch(r"[-+]?\d{1,18}", value, re.ASCII):
        told = "for 'Gt', 'Lt' operators, the value must be an integer"
        raise Unparsable.within(f'values[0]: Invalid value: "{value}": {told}')


def _label_test(requirement: Requirement) -> Test:
    key, operator, values = requirement.key, requirement.operator, requirement.values
    if operator in ("exists", "!"):
        return lambda obj: (key in _labels(obj)) is (operator == "exists")
    if operator in (">", "<"):
        return lambda obj: _compares(_labels(obj).get(key, ""), operator, int(values[0]))
    wanted = operator in ("=", "==", "in")
    return lambda obj: (_labels(obj).get(key) in values) is wanted


def _compares(value: str, operator: str, bound: int) -> bool:
    if not re.fullmatch(r"[-+]?\d{1,18}", value, re.ASCII):
        return False
    return int(value) > bound if operator == ">" else int(value) < bound


def _labels(obj: KubeObject) -> Mapping[str, str]:
    found: Mapping[str, str] = obj["metadata"].get("labels") or {}
    return found


def _field_tests(text: str, known: Mapping[str, Read]) -> Iterator[Test]:
    for part in _UNESCAPED_COMMA.findall(text):
        match = _FIELD.fullmatch(part)
        if match is None:
            raise bad_request(f"invalid selector: '{text}'; can't understand '{part}'")
        key, value = match["key"], _unescaped(match["value"])
        if key or value:
            yield _field_test(key, value, known, wanted=match["operator"] != "!=")


def _field_test(key: str, value: str, known: Mapping[str, Read], *, wanted: bool) -> Test:
    read = known.get(key)
    if read is None:
        raise bad_request(f"field label not supported: {key}")
    return lambda obj: (read(obj) == value) is wanted


def _unescaped(value: str) -> str:
    parts = []
    for match in _VALUE_PART.finditer(value):
        if sign := match["sign"]:
            told = f"unescaped character in value: {ord(sign)}"
            raise bad_request(f"invalid field selector: {told}")
        escaped = match["escaped"]
        if escaped is not None and escaped not in ("\\", ",", "="):
            raise bad_request(f"invalid field selector: invalid escape sequence: \\{escaped}")
        parts.append(match[0] if escaped is None else escaped)
    return "".join(parts)
