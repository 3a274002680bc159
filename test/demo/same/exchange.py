"""What is asked of both API servers: one exchange, and scenes of several in order."""

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cnpg_mcp.demo.kinds import BY_PLURAL, CNPG_GROUP, KubeObject

JSON = "application/json"
MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"
TABLE = f"{JSON};as=Table;v=v1;g=meta.k8s.io"
METADATA = f"{JSON};as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
METADATA_LIST = f"{JSON};as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
CNPG = f"/apis/{CNPG_GROUP}/v1"

Headers = tuple[tuple[str, str], ...]
Look = Callable[[Any], object]
"""What of an answer is compared; needed only where the servers differ by nature."""


@dataclass(frozen=True)
class Exchange:
    """One request, and how its answer is to be read."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: object = None
    """Sent as JSON; bytes as they are."""
    headers: Headers = ()
    look: Look | None = None
    until: int | None = None
    """Repeat until this status: for what a real API server only learns after a moment."""
    events: int | None = None
    """A watch: its answer is read up to this many events."""

    @property
    def content(self) -> bytes | None:
        """The body as sent."""
        if self.body is None or isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body).encode()

    def __str__(self) -> str:
        query = "&".join(f"{key}={value}" for key, value in self.query.items())
        return f"{self.method} {self.path}{'?' if query else ''}{query}"

    def accepting(self, media_type: str) -> "Exchange":
        """The same, asking for another form."""
        return self.with_header("Accept", media_type)

    def acting_as(self, user: str, *groups: str) -> "Exchange":
        """The same, in the name of another user."""
        asked = replace(self, headers=(*self.headers, ("Impersonate-User", user)))
        for group in groups:
            asked = replace(asked, headers=(*asked.headers, ("Impersonate-Group", group)))
        return asked

    def with_header(self, name: str, value: str) -> "Exchange":
        """The same with a header in place of one of that name."""
        kept = tuple(each for each in self.headers if each[0].lower() != name.lower())
        return replace(self, headers=(*kept, (name, value)))

    def looking_at(self, look: Look) -> "Exchange":
        """The same, of whose answer only a part is compared."""
        return replace(self, look=look)

    def repeated_until(self, status: int) -> "Exchange":
        """The same, repeated until it is answered so."""
        return replace(self, until=status)


FORGET = Exchange("FORGET", "")
"""No request: the API server forgets all past versions here, as after some minutes."""


@dataclass(frozen=True)
class Answer:
    """What an API server said."""

    status: int
    headers: Mapping[str, str]
    warnings: Sequence[str]
    body: Any
    """Parsed JSON, the events of a watch, or text."""

    @property
    def metadata(self) -> KubeObject:
        """The metadata of the object or list that was answered."""
        found = self.body.get("metadata") if isinstance(self.body, dict) else None
        return found or {}

    @property
    def version(self) -> str:
        """The resourceVersion that was answered."""
        return str(self.metadata.get("resourceVersion", ""))

    @property
    def uid(self) -> str:
        """The uid that was answered."""
        return str(self.metadata.get("uid", ""))

    @property
    def token(self) -> str:
        """The continue token that was answered."""
        return str(self.metadata.get("continue", ""))


Script = Generator[Exchange, Answer, None]
Scene = Callable[[str], Script]
"""Exchanges in order, in a namespace of their own; each answer comes back from its `yield`."""


def at(plural: str, namespace: str | None = None, name: str = "", subresource: str = "") -> str:
    """The path of a collection, an object or a subresource."""
    return BY_PLURAL[plural].path(namespace, name, subresource)


def get(path: str, **query: str) -> Exchange:
    """A read."""
    return Exchange("GET", path, query)


def watch(path: str, events: int, **query: str) -> Exchange:
    """A watch, up to a number of events."""
    return Exchange("GET", path, {"watch": "true", "timeoutSeconds": "60", **query}, events=events)


def post(path: str, body: object, **query: str) -> Exchange:
    """A create."""
    return Exchange("POST", path, query, body, _typed(JSON))


def put(path: str, body: object, **query: str) -> Exchange:
    """An update of a whole object."""
    return Exchange("PUT", path, query, body, _typed(JSON))


def merge(path: str, body: object, **query: str) -> Exchange:
    """A merge patch."""
    return Exchange("PATCH", path, query, body, _typed(MERGE))


def json_patch(path: str, *operations: object, **query: str) -> Exchange:
    """A JSON patch."""
    return Exchange("PATCH", path, query, list(operations), _typed(JSON_PATCH))


def strategic(path: str, body: object, **query: str) -> Exchange:
    """A strategic merge patch."""
    return Exchange("PATCH", path, query, body, _typed(STRATEGIC))


def apply(path: str, body: object, **query: str) -> Exchange:
    """A server-side apply."""
    return Exchange("PATCH", path, query, body, _typed(APPLY))


def delete(path: str, body: object = None, **query: str) -> Exchange:
    """A delete, with DeleteOptions where a body is given."""
    return Exchange("DELETE", path, query, body, _typed(JSON) if body is not None else ())


def _typed(content_type: str) -> Headers:
    return (("Content-Type", content_type),)
