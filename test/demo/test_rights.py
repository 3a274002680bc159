"""The servers' account has in the demo what the chart gives it on a cluster, and no more."""

from cnpg_mcp.demo.rights import RULES
from test.controlplane.access import (
    CLUSTER_FACTS,
    INSTANCE_REPORTS,
    READ,
    WRITE,
    Permission,
    permissions,
    shipped,
)

SHIPPED = (READ, WRITE, CLUSTER_FACTS, INSTANCE_REPORTS)


def test_rights_are_those_of_the_chart() -> None:
    given = {each for name in SHIPPED for each in permissions(shipped(name)["rules"])}
    here = {
        Permission(group, resource, verb)
        for group, resources, verbs in RULES
        for resource in resources.split()
        for verb in verbs.split()
    }
    assert here == given
