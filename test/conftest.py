"""Fixtures of all tiers."""

from test.controlplane.fixtures import (
    admin,
    bare_plane,
    namespace,
    older_plane,
    plane,
    pytest_collection_finish,
    restricted_kubeconfig,
)

__all__ = [
    "admin",
    "bare_plane",
    "namespace",
    "older_plane",
    "plane",
    "pytest_collection_finish",
    "restricted_kubeconfig",
]
