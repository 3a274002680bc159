"""Whether a successful answer is one that an API server gives: a login page is a 200, too."""

from collections.abc import Callable, Iterator, Sequence

from pydantic_core import from_json

from cnpg_mcp.kube.errors import status_error
from cnpg_mcp.kube.objects import KubeObject

Decode = Callable[[bytes], KubeObject | None]
"""Makes JSON of a body; `None` for anything else, such as a proxy's page."""

Shape = Callable[[KubeObject], bool]
"""Whether the JSON of an answer has the shape that the question allows."""


def any_json(_: KubeObject) -> bool:
    """What lies behind a proxied path answers in its own terms."""
    return True


def is_table(body: KubeObject) -> bool:
    """A page of print columns."""
    return body.get("kind") == "Table" and isinstance(body.get("columnDefinitions"), list)


def is_list(body: KubeObject) -> bool:
    """A page of whole objects."""
    items = body.get("items", "absent")
    return str(body.get("kind")).endswith("List") and isinstance(items, list | None)


def is_object(kind: str) -> Shape:
    """An object of this kind as stored, or as a dry run would store it."""
    return lambda body: body.get("kind") == kind and bool(_metadata(body).get("uid"))


def is_deletion(kind: str) -> Shape:
    """What a delete gives: a `Status`, or the object while finalizers hold it."""
    return lambda body: body.get("kind") == "Status" or is_object(kind)(body)


def _metadata(body: KubeObject) -> KubeObject:
    metadata = body.get("metadata")
    return metadata if isinstance(metadata, dict) else {}


def one_object(data: bytes) -> KubeObject | None:
    """The JSON object of an ordinary answer."""
    try:
        body = from_json(data)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def events(data: bytes) -> KubeObject | None:
    """The events of a watch that has ended: one JSON object a line."""
    found = [one_object(line) for line in data.splitlines()]
    return None if None in found else {"events": found}


def changed_objects(found: Sequence[KubeObject]) -> Iterator[KubeObject]:
    """The objects of a watch's events, oldest first.

    Raises:
        StatusError: the watch ended with a failure, as when the past is forgotten.
    """
    for event in found:
        body = event.get("object") or {}
        if event.get("type") == "ERROR":
            raise status_error(int(body.get("code") or 500), body)
        yield body
