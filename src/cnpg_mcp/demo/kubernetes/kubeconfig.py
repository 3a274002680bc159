"""Kubeconfigs of users who sign in with a token."""

import json
from pathlib import Path


def write_kubeconfig(path: Path, address: str, token: str, namespace: str) -> Path:
    """A kubeconfig, whose user is called as the file; only its owner can read it."""
    name, user = "simulation", path.name
    context = {"cluster": name, "user": user, "namespace": namespace}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [{"name": name, "cluster": {"server": address}}],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": name, "context": context}],
    }
    path.touch(mode=0o600)
    path.write_text(json.dumps(config, indent=1))
    return path
