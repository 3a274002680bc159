"""Pooler."""

from cnpg_mcp.demo.kubernetes.schema import (
    anything,
    boolean,
    integer,
    listed,
    mapping,
    obj,
    partly,
    root,
    text,
)
from cnpg_mcp.demo.operator.definitions.shared import LABEL, named, named_cluster

_PGBOUNCER = obj(
    authQuery=text(),
    authQuerySecret=named(),
    clientCASecret=named(),
    clientTLSSecret=named(),
    parameters=mapping(text()),
    paused=boolean(default=False),
    pg_hba=listed(text()),
    poolMode=text(one_of="session transaction", default="session"),
    serverCASecret=named(),
    serverTLSSecret=named(),
)

POOLER = root(
    required={
        "spec": obj(
            required={"cluster": named_cluster(), "pgbouncer": _PGBOUNCER},
            type=text(one_of="rw ro r", default="rw"),
            instances=integer(bits=32, default=1),
            deploymentStrategy=anything(),
            monitoring=partly(enablePodMonitor=boolean(default=False)),
            serviceAccountName=text(pattern=LABEL),
            serviceTemplate=anything(),
            template=anything(),
        )
    },
    status=obj(
        error=text(),
        image=text(),
        instances=integer(bits=32),
        phase=text(one_of="active inactive paused failed"),
        phaseReason=text(),
        secrets=anything(),
    ),
)
