"""`spec.postgresql` of a Cluster."""

from typing import Any

from cnpg_mcp.demo.kubernetes.schema import (
    anything,
    boolean,
    integer,
    listed,
    mapping,
    obj,
    partly,
    rule,
    text,
)
from cnpg_mcp.demo.kubernetes.schema_nodes import Object

_EXTENSION = r"^[a-z0-9]([-a-z0-9_]*[a-z0-9])?$"


def _waits_for_all_or_names_nobody(section: dict[str, Any]) -> bool:
    if section.get("dataDurability") != "preferred":
        return True
    return not section.get("standbyNamesPre") and not section.get("standbyNamesPost")


def _synchronous() -> Object:
    positive = rule(
        "The number of synchronous replicas should be greater than zero",
        lambda number: number > 0,
    )
    alone = rule(
        "dataDurability set to 'preferred' requires empty 'standbyNamesPre' and empty"
        " 'standbyNamesPost'",
        _waits_for_all_or_names_nobody,
    )
    return obj(
        required={"method": text(one_of="any first"), "number": integer(rules=(positive,))},
        rules=(alone,),
        dataDurability=text(one_of="required preferred"),
        failoverQuorum=boolean(),
        maxStandbyNamesFromCluster=integer(),
        standbyNamesPost=listed(text()),
        standbyNamesPre=listed(text()),
    )


def postgresql() -> Object:
    """How PostgreSQL itself is configured."""
    return obj(
        enableAlterSystem=boolean(),
        extensions=listed(
            partly(required={"name": text(pattern=_EXTENSION, at_least=1)}), key="name"
        ),
        ldap=anything(),
        parameters=mapping(text()),
        pg_hba=listed(text()),
        pg_ident=listed(text()),
        promotionTimeout=integer(bits=32),
        shared_preload_libraries=listed(text()),
        syncReplicaElectionConstraint=obj(
            required={"enabled": boolean()}, nodeLabelsAntiAffinity=listed(text())
        ),
        synchronous=_synchronous(),
    )
