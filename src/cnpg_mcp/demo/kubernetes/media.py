"""In which form an answer is wanted, by the `Accept` of a request."""

import re
from collections.abc import Iterator

from cnpg_mcp.demo.kinds import Kind
from cnpg_mcp.demo.kubernetes.failures import not_acceptable

METADATA, METADATA_LIST, TABLE = "PartialObjectMetadata", "PartialObjectMetadataList", "Table"
WHOLE = ""
_ANSWERED = ("application/json", "application/*", "*/*")
_QUALITY = re.compile(r"(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)")


def wanted(accept: str) -> str:
    """The form that is wanted most of those that are known.

    Raises:
        Failure: 406, where there is none.
    """
    ranked = sorted(_clauses(accept or "*/*"), key=lambda pair: -pair[0])
    if not ranked:
        known = "application/json, application/yaml, application/vnd.kubernetes.protobuf"
        raise not_acceptable(f"only the following media types are accepted: {known}")
    return ranked[0][1]


def of_one(form: str, kind: Kind) -> str:
    """The form, where one object can have it.

    Raises:
        Failure: 406.
    """
    if form == METADATA_LIST:
        told = f"is not a list (*{_package(kind)}.{kind.kind})"
        raise not_acceptable(f"you requested {form}, but the requested object {told}")
    return form


def of_many(form: str, kind: Kind) -> str:
    """The form, where a list can have it.

    Raises:
        Failure: 406.
    """
    if form == METADATA:
        told = f"is a list (*{_package(kind)}.{kind.kind}List)"
        raise not_acceptable(f"you requested {form}, but the requested object {told}")
    return form


def _package(kind: Kind) -> str:
    """Where the API server has the kind's type."""
    return (
        kind.api_version.partition(".")[0].partition("/")[0] if "/" in kind.api_version else "core"
    )


def _clauses(accept: str) -> Iterator[tuple[float, str]]:
    """What can be answered of what is accepted: how much it is wanted, and its form."""
    for clause in accept.split(","):
        media_type, *parameters = (part.strip() for part in clause.split(";"))
        given = dict(each.partition("=")[::2] for each in parameters)
        form = given.get("as", WHOLE)
        if media_type in _ANSWERED and _is_known(form, given):
            quality = given.get("q", "1")
            yield float(quality) if _QUALITY.fullmatch(quality) else 1.0, form


def _is_known(form: str, given: dict[str, str]) -> bool:
    if form == WHOLE:
        return True
    known = form in (METADATA, METADATA_LIST, TABLE)
    return known and given.get("g") == "meta.k8s.io" and given.get("v") in ("v1", "v1beta1")
