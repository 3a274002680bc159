"""What is served: groups, versions, kinds and their verbs."""

from collections.abc import Sequence

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.kubernetes.definitions import Definition

VERSION = {
    "major": "1",
    "minor": "36",
    "gitVersion": "v1.36.0-simulated",
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "none",
    "compiler": "none",
    "platform": "simulated",
}
HEALTH = ("/healthz", "/readyz", "/livez")
_VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
_CATEGORIES = {"pods": ["all"], "services": ["all"], "jobs": ["all"], "deployments": ["all"]}
_REVIEWS = ("SelfSubjectAccessReview", "SelfSubjectRulesReview", "SubjectAccessReview")
REVIEW_VERSION = "authorization.k8s.io/v1"


def document(path: str, definitions: Sequence[Definition]) -> KubeObject | None:
    """The discovery document at a path; None where none is."""
    versions = {each.kind.api_version for each in definitions} | {REVIEW_VERSION}
    fixed = {"/version": VERSION, "/api": _core(), "/apis": _groups(versions)}
    if path in fixed:
        return fixed[path]
    root, _, rest = path.strip("/").partition("/")
    if root == "api" and rest == "v1":
        return _resources("v1", definitions)
    if root != "apis":
        return None
    if "/" in rest and rest in versions:
        return _resources(rest, definitions)
    found = [version for version in sorted(versions) if version.startswith(f"{rest}/")]
    return _group(rest, found) if found and "/" not in rest else None


def _core() -> KubeObject:
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}


def _groups(versions: set[str]) -> KubeObject:
    named = sorted({version.rpartition("/")[0] for version in versions} - {""})
    groups = [_group(name, [v for v in versions if v.startswith(f"{name}/")]) for name in named]
    for group in groups:
        del group["apiVersion"], group["kind"]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def _group(name: str, versions: Sequence[str]) -> KubeObject:
    listed = [{"groupVersion": each, "version": each.rpartition("/")[2]} for each in versions]
    return {
        "kind": "APIGroup",
        "apiVersion": "v1",
        "name": name,
        "versions": listed,
        "preferredVersion": listed[0],
    }


def _resources(version: str, definitions: Sequence[Definition]) -> KubeObject:
    served = [each for each in definitions if each.kind.api_version == version]
    resources = [entry for each in served for entry in _entries(each)]
    if version == REVIEW_VERSION:
        resources = [_review(kind) for kind in _REVIEWS]
    named = {} if version == "v1" else {"apiVersion": "v1"}
    return {"kind": "APIResourceList", **named, "groupVersion": version, "resources": resources}


def _entries(definition: Definition) -> list[KubeObject]:
    kind = definition.kind
    entry: KubeObject = {
        "name": kind.plural,
        "singularName": kind.kind.lower(),
        "namespaced": kind.namespaced,
        "kind": kind.kind,
        "verbs": _VERBS,
    }
    if definition.short_names:
        entry["shortNames"] = list(definition.short_names)
    if kind.plural in _CATEGORIES:
        entry["categories"] = _CATEGORIES[kind.plural]
    if not definition.has_status:
        return [entry]
    below = {"name": f"{kind.plural}/status", "verbs": ["get", "patch", "update"]}
    named = {"singularName": "", "namespaced": kind.namespaced, "kind": kind.kind}
    return [entry, {**named, **below}]


def _review(kind: str) -> KubeObject:
    return {
        "name": f"{kind.lower()}s",
        "singularName": kind.lower(),
        "namespaced": False,
        "kind": kind,
        "verbs": ["create"],
    }
