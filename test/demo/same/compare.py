"""Plays a scene on an API server, and tells two performances apart."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from test.demo.same.endpoint import Endpoint
from test.demo.same.exchange import Exchange, Scene
from test.demo.same.normal import Normaliser

_ABSENT = "<absent>"


@dataclass(frozen=True)
class Step:
    """An exchange of a scene, and its answer in comparable form."""

    exchange: str
    answer: dict[str, Any]


@dataclass(frozen=True)
class Difference:
    """Where two answers to the same exchange differ."""

    scene: str
    step: int
    exchange: str
    path: str
    real: object
    emulated: object

    def __str__(self) -> str:
        return (
            f"{self.scene}[{self.step}] {self.exchange}\n"
            f"  {self.path}\n    real:     {self.real!r}\n    emulated: {self.emulated!r}"
        )


def play(scene: Scene, endpoint: Endpoint) -> list[Step]:
    """All exchanges of a scene with what they gave, in a new namespace."""
    namespace = endpoint.new_namespace()
    normaliser, steps = Normaliser(namespace), []
    script = scene(namespace)
    exchange = next(script, None)
    while exchange is not None:
        answer = endpoint.send(exchange)
        steps.append(Step(_told(exchange, namespace), normaliser.normal(exchange, answer)))
        try:
            exchange = script.send(answer)
        except StopIteration:
            exchange = None
    return steps


def differences(scene: str, real: list[Step], emulated: list[Step]) -> Iterator[Difference]:
    """Everything in which two performances of a scene differ."""
    for number, (one, other) in enumerate(zip(real, emulated, strict=False)):
        for path, left, right in _between(one.answer, other.answer):
            yield Difference(scene, number, one.exchange, path, left, right)
    if len(real) != len(emulated):
        told = "how many exchanges there were"
        yield Difference(scene, min(len(real), len(emulated)), "", told, len(real), len(emulated))


def _told(exchange: Exchange, namespace: str) -> str:
    return str(exchange).replace(namespace, "{namespace}")


def _between(one: dict[str, Any], other: dict[str, Any]) -> Iterator[tuple[str, object, object]]:
    """What differs. Where the status does, it and what was said with it are enough."""
    if one["status"] != other["status"]:
        yield "status", _said(one), _said(other)
    else:
        yield from _differing("", one, other)


def _said(answer: dict[str, Any]) -> str:
    body = answer["body"]
    message = body.get("message", "") if isinstance(body, dict) else str(body)[:200]
    return f"{answer['status']} {message}".rstrip()


def _differing(path: str, one: Any, other: Any) -> Iterator[tuple[str, object, object]]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({*one, *other}):
            inner = f"{path}.{key}" if path else key
            yield from _differing(inner, one.get(key, _ABSENT), other.get(key, _ABSENT))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from _differing(f"{path}[{index}]", left, right)
    elif one != other or type(one) is not type(other):
        yield path, one, other
