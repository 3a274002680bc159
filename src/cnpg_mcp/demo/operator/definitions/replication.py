"""Publication, Subscription and FailoverQuorum."""

from cnpg_mcp.demo.kubernetes.schema import (
    anything,
    boolean,
    immutable,
    integer,
    listed,
    mapping,
    obj,
    root,
    text,
)
from cnpg_mcp.demo.kubernetes.schema_nodes import Object, Text
from cnpg_mcp.demo.operator.definitions.shared import cluster_reference


def _fixed(name: str) -> Text:
    return text(rules=(immutable(f"{name} is immutable"),))


def _status() -> Object:
    return obj(applied=boolean(), message=text(), observedGeneration=integer())


PUBLICATION = root(
    required={
        "spec": obj(
            required={
                "cluster": cluster_reference(),
                "name": _fixed("name"),
                "dbname": _fixed("dbname"),
                "target": anything(),
            },
            parameters=mapping(text()),
            publicationReclaimPolicy=text(one_of="delete retain", default="retain"),
        )
    },
    status=_status(),
)

SUBSCRIPTION = root(
    required={
        "spec": obj(
            required={
                "cluster": cluster_reference(),
                "name": _fixed("name"),
                "dbname": _fixed("dbname"),
                "externalClusterName": text(),
                "publicationName": text(),
            },
            publicationDBName=text(),
            parameters=mapping(text()),
            subscriptionReclaimPolicy=text(one_of="delete retain", default="retain"),
        )
    },
    status=_status(),
)

FAILOVER_QUORUM = root(
    status=obj(
        method=text(),
        standbyNames=listed(text()),
        standbyNumber=integer(),
        primary=text(),
    )
)
