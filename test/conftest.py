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
from test.lanes import pytest_xdist_make_scheduler

__all__ = [
    "admin",
    "bare_plane",
    "namespace",
    "older_plane",
    "plane",
    "pytest_collection_finish",
    "pytest_xdist_make_scheduler",
    "restricted_kubeconfig",
]

settings.register_profile(
    "timeless", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("timeless")
