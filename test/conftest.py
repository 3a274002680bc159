"""Fixtures of all tiers, and how Hypothesis runs: no test is judged by the time it takes."""

from hypothesis import HealthCheck, settings

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

settings.register_profile(
    "timeless", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("timeless")
