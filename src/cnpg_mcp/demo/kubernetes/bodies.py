"""From the bytes of a body to a document: JSON, or YAML where that is announced."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import yaml

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.kubernetes.failures import bad_request, unknown_format
from cnpg_mcp.demo.kubernetes.requests import JSON, Request

YAML = "application/yaml"
PROTOBUF = "application/vnd.kubernetes.protobuf"
DEPTH_ALLOWED = 100


@dataclass(frozen=True)
class Document:
    """A parsed body, and the paths of fields that stood in it twice."""

    content: object
    duplicates: tuple[str, ...] = ()


def document(request: Request) -> Document:
    """What a body of a create or update says.

    Raises:
        Failure: 415 for another content type than these; 400 where the body is none of it.
    """
    if request.content_type in (JSON, ""):
        return parsed(request.body)
    if request.content_type == YAML:
        return parsed_yaml(request.body)
    if request.content_type == PROTOBUF:
        raise bad_request("provided data does not appear to be a protobuf message")
    raise unknown_format((JSON, YAML, PROTOBUF))


def parsed(body: bytes, told: str = "the object provided is unrecognized") -> Document:
    """The JSON of a body; `told` introduces a refusal.

    Raises:
        Failure: 400, where it is none, or nested deeper than anybody needs.
    """
    try:
        content = json.loads(body, object_pairs_hook=_fields)
        json.dumps(content, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as error:
        raise bad_request(f"{told}: {error or 'unexpected end of JSON input'}") from error
    if _depth(content) > DEPTH_ALLOWED:
        raise bad_request(f"{told}: nested too deeply")
    return Document(content, tuple(_doubled(content, "")))


def parsed_yaml(body: bytes) -> Document:
    """The YAML of a body; JSON is that, too.

    Raises:
        Failure: 400, where it is none.
    """
    try:
        content = yaml.load(body, Loader=_Loader)  # noqa: S506 - it is a safe one
        text = json.dumps(content, allow_nan=False)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise bad_request(f"error decoding YAML: {error}") from error
    return parsed(text.encode())


class _Doubled(dict[str, object]):
    """A JSON object with fields that stood in it twice."""

    twice: Sequence[str] = ()


class _Loader(yaml.SafeLoader):
    """YAML as Kubernetes reads it: times are texts. Aliases, which can grow, are refused."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.events.AliasEvent):
            raise yaml.YAMLError("aliases are not supported")
        return super().compose_node(parent, index)


_Loader.yaml_implicit_resolvers = {
    sign: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
    for sign, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _fields(found: list[tuple[str, object]]) -> KubeObject:
    made: KubeObject = dict(found)
    if len(made) == len(found):
        return made
    doubled = _Doubled(made)
    doubled.twice = [key for key, times in Counter(key for key, _ in found).items() if times > 1]
    return doubled


def _doubled(value: object, path: str) -> Iterator[str]:
    """Paths of doubled fields."""
    if isinstance(value, _Doubled):
        yield from (f"{path}{name}" for name in value.twice)
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _doubled(each, f"{path}{key}.")
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _doubled(each, f"{path[:-1]}[{number}].")


def _depth(value: object) -> int:
    """How deep lists and objects are nested, without recursion."""
    level, depth = [value], 0
    while level:
        level = [below for each in level for below in _below(each)]
        depth += 1
    return depth


def _below(value: object) -> Sequence[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else ()
