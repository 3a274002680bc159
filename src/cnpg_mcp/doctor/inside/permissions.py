"""What the server may do, asked of the API server right by right (SelfSubjectAccessReview)."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from http import HTTPMethod

from cnpg_mcp.doctor.findings import Finding, passed
from cnpg_mcp.doctor.inside import kinds
from cnpg_mcp.doctor.inside.place import Place
from cnpg_mcp.doctor.inside.rights import RIGHTS, Bound, Right
from cnpg_mcp.domain.resources import NAMESPACES
from cnpg_mcp.kube.errors import Forbidden, NotFound
from cnpg_mcp.kube.objects import Resource
from cnpg_mcp.kube.transport import Call

_RULES = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_AT_ONCE = 8
_MAX_NAMESPACES = 50
_USERS = Resource("", "v1", "users", "User", namespaced=False)
_GROUPS = Resource("", "v1", "groups", "Group", namespaced=False)


async def permissions(place: Place) -> AsyncIterator[Finding]:
    """Every right that the chart gives, in every namespace that the settings name."""
    if place.settings.impersonate_user_claim:
        return
    namespaces = await _namespaces(place)
    if not place.settings.allowed_namespaces:
        yield kinds.ONE_NAMESPACE.found(f"Looked at: namespace {namespaces[0]}.")
    for namespace in namespaces[:_MAX_NAMESPACES]:
        async for finding in _in_namespace(place, namespace):
            yield finding
    for right in await _denied(place, _of(place, Bound.CLUSTER), None):
        yield _absence(right, "in all namespaces")


async def impersonation(place: Place) -> AsyncIterator[Finding]:
    """The server may act for the people who sign in, where the settings say so."""
    settings = place.settings
    if not settings.impersonate_user_claim:
        return
    wanted = [_USERS, _GROUPS] if settings.impersonate_groups_claim else [_USERS]
    rights = [Right(resource, "impersonate") for resource in wanted]
    denied = await _denied(place, rights, None)
    by_name = await _named_rules(place) if denied else set()
    forbidden = [right for right in denied if right.resource.plural not in by_name]
    if forbidden:
        yield kinds.IMPERSONATION_FORBIDDEN.found(f"Denied: {', '.join(map(str, forbidden))}.")
    else:
        only = (
            f" Only as those whom its rights name ({', '.join(sorted(by_name))})." if denied else ""
        )
        yield passed("impersonation", f"The server may act for people who sign in.{only}")
    yield kinds.ACTS_FOR_PEOPLE.found("IMPERSONATE_USER_CLAIM is set.")


async def _named_rules(place: Place) -> set[str]:
    """Kinds that may be impersonated by name: a review that names none does not see it."""
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": "default"},
    }
    review = await place.ask(Call(HTTPMethod.POST, _RULES, body=body, dry_run=True))
    rules = (review.get("status") or {}).get("resourceRules") or ()
    return {
        resource
        for rule in rules
        if "impersonate" in rule.get("verbs", ())
        for resource in rule.get("resources", ())
    }


async def _namespaces(place: Place) -> Sequence[str]:
    """Where calls go: the allowed namespaces, else the default one."""
    if place.settings.allowed_namespaces:
        return place.settings.allowed_namespaces
    default = place.settings.default_namespace or await place.own_namespace()
    return (default or "default",)


async def _in_namespace(place: Place, namespace: str) -> AsyncIterator[Finding]:
    if await _is_absent(place, namespace):
        yield kinds.NAMESPACE_MISSING.found(f"Namespace {namespace} does not exist.")
        return
    rights = [*_of(place, Bound.READ), *_of(place, Bound.WRITE)]
    denied = await _denied(place, rights, namespace)
    if all(right in denied for right in rights if _key(right) not in _ANYWHERE):
        yield kinds.NO_RIGHTS.found(f"Namespace {namespace}: none of the Roles' rights.")
        return
    for right in denied:
        yield _absence(right, f"in namespace {namespace}")
    for right in await _denied(place, _of(place, Bound.REPORTS), namespace):
        yield _absence(right, f"in namespace {namespace}")
    granted = len(rights) - len(denied)
    yield passed("permissions", f"Namespace {namespace}: {granted} of {len(rights)} rights.")


def _key(right: Right) -> tuple[Resource, str]:
    return right.resource, right.verb


_ANYWHERE = {_key(right) for right in RIGHTS if right.bound is Bound.CLUSTER}
"""Rights that the ClusterRole gives as well: having them says nothing about the Role."""


def _absence(right: Right, where: str) -> Finding:
    """A right that is missing, with what that means; what is optional stays in one line."""
    seen = f"Denied: {right} {where}."
    if right.kind is kinds.OPTION_HIDDEN:
        return right.kind.found(f"{seen} {right.consequence}")
    return replace(right.kind, breaks=right.consequence).found(seen)


def _of(place: Place, bound: Bound) -> Sequence[Right]:
    """The rights of a role that matter: on kinds that are served; no changes where none is made."""
    return [
        right
        for right in RIGHTS
        if right.bound is bound
        and not (bound is Bound.WRITE and place.settings.read_only)
        and (_is_core(right.resource) or right.resource in place.served)
    ]


def _is_core(resource: Resource) -> bool:
    """Whether every API server has it."""
    return not resource.group.endswith("cnpg.io")


async def _is_absent(place: Place, namespace: str) -> bool:
    try:
        await place.get(NAMESPACES.path(None, namespace))
    except NotFound:
        return True
    except Forbidden:
        return False
    return False


async def _denied(place: Place, rights: Sequence[Right], namespace: str | None) -> Sequence[Right]:
    """The rights that the API server would refuse."""
    turn = asyncio.Semaphore(_AT_ONCE)

    async def allowed(right: Right) -> bool:
        async with turn:
            return await _allowed(place, right, namespace)

    answers = await asyncio.gather(*map(allowed, rights))
    return [right for right, answer in zip(rights, answers, strict=True) if not answer]


async def _allowed(place: Place, right: Right, namespace: str | None) -> bool:
    plural, _, subresource = right.resource.plural.partition("/")
    attributes = {
        "group": right.resource.group,
        "resource": plural,
        "subresource": subresource,
        "verb": right.verb,
        "namespace": namespace or "",
        "name": namespace or "" if right.resource == NAMESPACES else "",
    }
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    # Nothing is stored by a review: to the transport it is a dry run.
    review = await place.ask(Call(HTTPMethod.POST, _REVIEWS, body=body, dry_run=True))
    return (review.get("status") or {}).get("allowed") is True
