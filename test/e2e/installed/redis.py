"""Redis in a pod, where replicas keep logins and used codes."""

import secrets
from typing import Any

from test.e2e.installed.kubectl import Kubectl

PORT = 6379
SECRET = "logins"
_NAME = "redis"
_LABELS = {"app": _NAME}
_SERVE = (
    f'exec redis-server --port {PORT} --requirepass "$PASSWORD"'
    ' --maxmemory-policy noeviction --save "" --dir /tmp'
)
_NOBODY = 65532


def start_redis(kubectl: Kubectl, image: str) -> None:
    """Returns when it runs, and Secret `logins` tells servers where."""
    kubectl.apply(_secret(secrets.token_hex(24)), _service(), _deployment(image))
    kubectl.run("rollout", "status", f"deployment/{_NAME}", "--timeout=180s")


def _secret(password: str) -> dict[str, Any]:
    url = f"redis://:{password}@{_NAME}:{PORT}"
    stores = {"OAUTH_STORE": f"{url}/0", "PLAN_STORE": f"{url}/1", "TEST_PLAN_STORE": f"{url}/2"}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": SECRET},
        "stringData": {**stores, "PASSWORD": password},
    }


def _service() -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": _NAME},
        "spec": {"selector": _LABELS, "ports": [{"port": PORT}]},
    }


def _deployment(image: str) -> dict[str, Any]:
    password = {"secretKeyRef": {"name": SECRET, "key": "PASSWORD"}}
    container = {
        "name": _NAME,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sh", "-c", _SERVE],
        "env": [{"name": "PASSWORD", "valueFrom": password}],
        "readinessProbe": {"tcpSocket": {"port": PORT}, "periodSeconds": 1},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    security = {
        "runAsNonRoot": True,
        "runAsUser": _NOBODY,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": _NAME},
        "spec": {
            "selector": {"matchLabels": _LABELS},
            "template": {
                "metadata": {"labels": _LABELS},
                "spec": {
                    "containers": [container],
                    "securityContext": security,
                    "terminationGracePeriodSeconds": 1,
                },
            },
        },
    }
