"""From a path to what it names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cnpg_mcp.demo.kinds import Kind
from cnpg_mcp.demo.kubernetes.access import Attempt
from cnpg_mcp.demo.kubernetes.definitions import Definition
from cnpg_mcp.demo.kubernetes.failures import NoSuchPage, no_such_path
from cnpg_mcp.demo.kubernetes.requests import Request

_OF_NAMESPACES = ("status", "finalize")
_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_CORE = ("api", "v1")


@dataclass(frozen=True)
class Target:
    """What a path names, whether or not it is served. `rest` is what comes after a proxy."""

    api_version: str
    plural: str
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    rest: str = ""

    def space(self, kind: Kind) -> str:
        """The namespace in which objects of the kind are looked for; empty for all of them."""
        return self.namespace if kind.namespaced else ""

    @property
    def group(self) -> str:
        """The API group; empty for the core group."""
        return self.api_version.rpartition("/")[0]

    def attempt(self, request: Request) -> Attempt:
        """What the request tries to do to it."""
        resource = "/".join(part for part in (self.plural, self.subresource) if part)
        verb = self._verb(request)
        return Attempt(verb, self.group, resource, self.namespace, self.name)

    def _verb(self, request: Request) -> str:
        if request.method not in ("GET", "HEAD"):
            verb = _VERBS.get(request.method, request.method.lower())
            return "deletecollection" if verb == "delete" and not self.name else verb
        if self.name:
            return "get"
        return "watch" if request.flag("watch") else "list"


def target(path: str) -> Target | None:
    """What a path of the API names; None for a path that names no resource."""
    parts = path.strip("/").split("/")
    if tuple(parts[:2]) == _CORE:
        return _target("v1", parts[2:])
    is_group = parts[0] == "apis" and len(parts) > len(("apis", "group", "version"))
    return _target("/".join(parts[1:3]), parts[3:]) if is_group else None


def _target(api_version: str, parts: Sequence[str]) -> Target | None:
    if not parts or "" in parts[:4]:
        return None
    if parts[0] == "namespaces" and len(parts) > 2 and parts[2] not in _OF_NAMESPACES:  # noqa: PLR2004
        return _named(api_version, parts[1], parts[2:])
    if parts[0] == "namespaces" and api_version == "v1":
        space = parts[1] if len(parts) > 1 else ""
        return _named(api_version, space, parts)
    return _named(api_version, "", parts)


def _named(api_version: str, namespace: str, parts: Sequence[str]) -> Target:
    plural, name, subresource, *rest = [*parts, "", "", ""][: max(3, len(parts))]
    return Target(api_version, plural, namespace, name, subresource, "/".join(rest))


class Registry:
    """The kinds that are served."""

    def __init__(self, definitions: Sequence[Definition]) -> None:
        self.definitions: Mapping[tuple[str, str], Definition] = {
            (each.kind.api_version, each.kind.plural): each for each in definitions
        }

    def find(self, found: Target) -> Definition:
        """The definition of what a path names.

        Raises:
            Failure: 404, where that is not served, or not there.
        """
        definition = self.definitions.get((found.api_version, found.plural))
        if definition is None:
            raise self._nothing_at(found.api_version)
        kind = definition.kind
        misses = kind.namespaced and not found.namespace and found.name
        exceeds = not kind.namespaced and found.namespace and found.plural != "namespaces"
        if misses or exceeds:
            raise self._nothing_at(found.api_version)
        return definition

    def _nothing_at(self, api_version: str) -> Exception:
        """What is said of a path in a group: a custom one's are no part of the API."""
        built_in = any(
            version == api_version and not each.custom
            for (version, _), each in self.definitions.items()
        )
        return no_such_path() if built_in else NoSuchPage()
