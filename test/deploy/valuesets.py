"""Values with which the chart is rendered, linted and applied."""

from copy import deepcopy
from typing import Any

from test.helm import Values

HOST = "cnpg-mcp.example.com"
DIGEST = f"sha256:{'0' * 64}"
NAMESPACES = ("orders", "shop")

_MINIMAL: dict[str, Any] = {"ingress": {"host": HOST}, "keys": {"existingSecret": "cnpg-mcp"}}
_REDIS: dict[str, Any] = {"store": {"type": "redis", "redis": {"existingSecret": "cnpg-mcp-redis"}}}
_IMPERSONATION: dict[str, Any] = {
    "settings": {
        "IMPERSONATE_USER_CLAIM": "email",
        "IMPERSONATE_USER_PREFIX": "sso:",
        "IMPERSONATE_GROUPS_CLAIM": "groups",
        "IMPERSONATE_GROUP_PREFIX": "sso:",
    },
    "rbac": {
        "impersonate": {"users": ["sso:dba@example.com"], "groups": ["sso:dba", "sso:team-shop"]}
    },
}
_OPTIONS: dict[str, Any] = {
    "image": {"repository": "registry.example.com/cnpg-mcp", "tag": "1.2.3"},
    "imagePullSecrets": [{"name": "registry"}],
    "testSidecar": {
        "image": {"digest": DIGEST},
        "settings": {"DEFAULT_SCOPES": "none", "MAX_CONCURRENCY": 16},
        "serviceAccount": {"create": True, "readOnly": False},
    },
    "mainSettings": {"OAUTH_CIMD": True, "LOG_LEVEL": "WARNING"},
    "store": {"volume": {"size": "1Gi", "storageClassName": "standard"}},
    "ingress": {
        "className": "traefik",
        "annotations": {"cert-manager.io/cluster-issuer": "public"},
    },
    "serviceAccount": {"name": "cnpg-mcp-own", "annotations": {"example.com/owner": "dba"}},
    "rbac": {
        "targetNamespaces": list(NAMESPACES),
        "clusterFacts": True,
        "instanceReports": True,
    },
    "networkPolicy": {
        "enabled": True,
        "from": [
            {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "traefik"}}}
        ],
        "metricsFrom": [{"podSelector": {}}],
        "egress": [{"cidr": "10.0.0.0/8", "ports": [6443]}],
    },
    "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
    "extraEnv": [{"name": "SSL_CERT_FILE", "value": "/etc/authority/ca.crt"}],
    "extraVolumes": [{"name": "authority", "configMap": {"name": "authority"}}],
    "extraVolumeMounts": [{"name": "authority", "mountPath": "/etc/authority", "readOnly": True}],
    "podLabels": {"team": "dba"},
    "podAnnotations": {"example.com/scrape": "true"},
    "nodeSelector": {"kubernetes.io/os": "linux"},
    "tolerations": [{"key": "dedicated", "operator": "Exists"}],
    "affinity": {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [
                    {"matchExpressions": [{"key": "kubernetes.io/arch", "operator": "Exists"}]}
                ]
            }
        }
    },
    "topologySpreadConstraints": [
        {
            "maxSkew": 1,
            "topologyKey": "kubernetes.io/hostname",
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": {"app": "cnpg-mcp-server"}},
        }
    ],
    "priorityClassName": "system-cluster-critical",
    "hostAliases": [{"ip": "192.0.2.1", "hostnames": ["idp.example.com"]}],
}


def merged(*parts: Values) -> dict[str, Any]:
    """All of them as one; the last one wins."""
    whole: dict[str, Any] = {}
    for part in parts:
        for name, value in part.items():
            known = whole.get(name)
            both = isinstance(known, dict) and isinstance(value, dict)
            whole[name] = merged(known or {}, value) if both else deepcopy(value)
    return whole


def minimal(values: Values) -> dict[str, Any]:
    """The values with those that are always needed."""
    return merged(_MINIMAL, values)


GOLDEN: dict[str, Values] = {
    "pair": {},
    "production": merged(
        _REDIS, {"testSidecar": {"enabled": False}, "replicas": 2, "image": {"digest": DIGEST}}
    ),
    "reader": {
        "rbac": {"clusterWide": True, "readOnly": True, "clusterFacts": True},
        "testSidecar": {"serviceAccount": {"create": True}},
    },
    "everything": merged(_OPTIONS, _IMPERSONATION),
}
"""Few: each of them is a file that people read when the chart changes."""

SETS: dict[str, Values] = {
    **GOLDEN,
    "without-ingress": {"ingress": {"enabled": False}, "publicUrl": "http://localhost:3000"},
    "tls-in-front": {"ingress": {"tls": {"enabled": False}}},
    "controllers-certificate": {"ingress": {"tls": {"secretName": ""}}},
    "sidecar-not-exposed": {"testSidecar": {"expose": False}},
    "replicated-pair": merged(_REDIS, {"replicas": 3}),
    "ephemeral": {"store": {"type": "ephemeral"}},
    "claim-that-exists": {"store": {"volume": {"existingClaim": "logins"}}},
    "account-that-exists": {"serviceAccount": {"create": False, "name": "dba"}},
    "rights-from-elsewhere": {"rbac": {"create": False}},
    "cluster-wide": {"rbac": {"clusterWide": True, "instanceReports": True}},
    "impersonating": _IMPERSONATION,
    "doctor-inside-only": {"doctor": {"outside": False}},
    "provider-in-settings": {
        "settings": {"OIDC_ISSUER": "https://idp.example.com", "OIDC_AUDIENCE": "cnpg-mcp"}
    },
}
"""All of them are linted, rendered, and valid for the API server."""
