"""An identity provider in the cluster: nanoidp in a pod, served by the Ingress controller."""

import json
from typing import Any

import httpx

from test.auth.providers.base import AUDIENCE, CLIENT_ID, CLIENT_SECRET
from test.auth.providers.nanoidp import documents
from test.e2e.installed.kubectl import Kubectl
from test.e2e.installed.outside import Outside

PORT = 9000
LIFETIME_MINUTES = 240
_NAME = "identity-provider"
_LABELS = {"app": _NAME}
TLS_SECRET = "identity-provider-tls"
INGRESS = "identity-provider"


class Provider:
    """The provider at a host of its own."""

    def __init__(self, kubectl: Kubectl, host: str, image: str) -> None:
        self.host = host
        self.issuer = f"https://{host}"
        self._kubectl = kubectl
        self._image = image

    def start(self) -> None:
        """Returns when it runs."""
        self._kubectl.apply(*self._objects())
        self._kubectl.run("rollout", "status", f"deployment/{_NAME}", "--timeout=180s")

    @property
    def credentials(self) -> dict[str, str]:
        """What whoever installs a server is given by the provider."""
        return {
            "OIDC_ISSUER": self.issuer,
            "OIDC_AUDIENCE": AUDIENCE,
            "AUTH0_CLIENT_ID": CLIENT_ID,
            "AUTH0_CLIENT_SECRET": CLIENT_SECRET,
        }

    async def token(self, outside: Outside, *scopes: str) -> str:
        """An access token, as a program gets one (client credentials)."""
        form = {"grant_type": "client_credentials", "scope": " ".join(scopes)}
        async with outside.http(auth=httpx.BasicAuth(CLIENT_ID, CLIENT_SECRET)) as http:
            answer = await http.post(f"{self.issuer}/token", data=form)
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    def _objects(self) -> list[dict[str, Any]]:
        files = documents(self.issuer, "/keys", LIFETIME_MINUTES)
        meta = {"name": _NAME, "labels": _LABELS}
        secret = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": meta,
            "stringData": {f"{name}.yaml": json.dumps(body) for name, body in files.items()},
        }
        service = {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": meta,
            "spec": {"selector": _LABELS, "ports": [{"port": PORT, "targetPort": PORT}]},
        }
        return [secret, service, self._deployment(), self._ingress()]

    def _deployment(self) -> dict[str, Any]:
        container = {
            "name": "nanoidp",
            "image": self._image,
            "imagePullPolicy": "IfNotPresent",
            "command": ["python", "-m", "nanoidp", "--config", "/config"],
            "args": ["--host", "0.0.0.0", "--port", str(PORT)],
            "readinessProbe": {"tcpSocket": {"port": PORT}, "periodSeconds": 1},
            "volumeMounts": [
                {"name": "config", "mountPath": "/config"},
                {"name": "keys", "mountPath": "/keys"},
            ],
        }
        volumes = [
            {"name": "config", "secret": {"secretName": _NAME}},
            {"name": "keys", "emptyDir": {}},
        ]
        template = {
            "metadata": {"labels": _LABELS},
            "spec": {
                "terminationGracePeriodSeconds": 1,
                "containers": [container],
                "volumes": volumes,
            },
        }
        return {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": _NAME},
            "spec": {"selector": {"matchLabels": _LABELS}, "template": template},
        }

    def _ingress(self) -> dict[str, Any]:
        backend = {"service": {"name": _NAME, "port": {"number": PORT}}}
        path = {"path": "/", "pathType": "Prefix", "backend": backend}
        return {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": {"name": INGRESS},
            "spec": {
                "tls": [{"hosts": [self.host], "secretName": TLS_SECRET}],
                "rules": [{"host": self.host, "http": {"paths": [path]}}],
            },
        }
