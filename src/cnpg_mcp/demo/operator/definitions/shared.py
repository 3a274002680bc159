"""What several kinds have in common."""

from cnpg_mcp.demo.kubernetes.schema import boolean, integer, obj, text, transition
from cnpg_mcp.demo.kubernetes.schema_nodes import Object, Text

_FIXED = transition(
    "cluster reference is immutable after creation", lambda new, old: bool(new == old)
)
LABEL = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
_CONDITION_TYPE = (
    r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?"
    r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$"
)


def cluster_reference() -> Object:
    """A Cluster by name, in the same namespace, for as long as the object lives."""
    return obj(name=text(default=""), rules=(_FIXED,))


def named_cluster() -> Object:
    """The same, where the name must be given."""
    return obj(required={"name": text()}, rules=(_FIXED,))


def named() -> Object:
    """A reference that has nothing but a name."""
    return obj(required={"name": text()})


def key() -> Object:
    """A key in a Secret or ConfigMap, by both their names."""
    return obj(required={"name": text(), "key": text()})


def key_selector() -> Object:
    """A key in a Secret, as pods refer to it."""
    return obj(required={"key": text()}, name=text(default=""), optional=boolean())


def ensured() -> Text:
    """Whether something is to exist in PostgreSQL."""
    return text(one_of="present absent", default="present")


def condition() -> Object:
    """One entry of `status.conditions`."""
    return obj(
        required={
            "lastTransitionTime": text(date=True),
            "message": text(),
            "reason": text(at_least=1, pattern=r"^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$"),
            "status": text(one_of="True False Unknown"),
            "type": text(pattern=_CONDITION_TYPE),
        },
        observedGeneration=integer(low=0),
    )
