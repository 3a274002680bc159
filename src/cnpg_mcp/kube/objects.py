"""Names for what the API server serves: objects as JSON, and the resources they live under."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

KubeObject = dict[str, Any]
"""One object as the API server sent it. Parsed into typed views by whoever knows the kind."""


JSON = "application/json"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
"""Annotation in which `kubectl apply` keeps a copy of the whole object, contents included."""
_METADATA = "PartialObjectMetadata"


def _as(kind: str) -> str:
    return f"{JSON};as={kind};v=v1;g=meta.k8s.io"


@dataclass(frozen=True)
class Resource:
    """A collection of the API: group (empty for core), version, plural name, and its kind.

    `metadata_only`: every answer carries the objects' metadata and nothing else, so that their
    contents never enter this process; a copy of them in an annotation is dropped unread.
    """

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    metadata_only: bool = False

    @property
    def answers_as(self) -> str:
        """The kind of an answer that is one object."""
        return _METADATA if self.metadata_only else self.kind

    @property
    def accept(self) -> str:
        """The form in which one object is asked for."""
        return _as(_METADATA) if self.metadata_only else JSON

    @property
    def accept_list(self) -> str:
        """The form in which a page of objects is asked for."""
        return _as(f"{_METADATA}List") if self.metadata_only else JSON

    def kept(self, body: KubeObject) -> KubeObject:
        """What is kept of an object that the API server sent."""
        annotations = (body.get("metadata") or {}).get("annotations")
        if self.metadata_only and isinstance(annotations, dict):
            annotations.pop(LAST_APPLIED, None)
        return body

    def path(self, namespace: str | None = None, name: str | None = None) -> str:
        """The URL path of the collection, or of one object in it."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        parts = [root]
        if namespace is not None and self.namespaced:
            parts += ["namespaces", quote(namespace, safe="")]
        parts.append(self.plural)
        if name is not None:
            parts.append(quote(name, safe=""))
        return "/".join(parts)

    @property
    def api_version(self) -> str:
        """What an object of this kind carries as `apiVersion`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def __str__(self) -> str:
        return f"{self.plural}.{self.group}" if self.group else self.plural
