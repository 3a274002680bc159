"""Settings that PostgreSQL takes over at a start alone, and which of them an instance runs with."""

import hashlib
import json

from cnpg_mcp.demo.kinds import KubeObject

STARTED_WITH = "nodesim/settings"
"""Annotation of a pod: what it was started with. The real operator's pods have none."""
NEED_RESTART = (
    "max_connections",
    "max_locks_per_transaction",
    "max_prepared_transactions",
    "max_replication_slots",
    "max_wal_senders",
    "max_worker_processes",
    "shared_buffers",
    "wal_buffers",
    "wal_level",
    "huge_pages",
)
"""Parameters that need a restart: those that people change."""


def fingerprint(cluster: KubeObject) -> str:
    """Tells apart what a start would take over."""
    wanted = cluster["spec"].get("postgresql") or {}
    parameters = wanted.get("parameters") or {}
    libraries = wanted.get("shared_preload_libraries") or []
    text = json.dumps([[parameters.get(key) for key in NEED_RESTART], libraries])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def needs_restart(pod: KubeObject, cluster: KubeObject) -> bool:
    """Whether the pod was started with other settings than are wanted now."""
    started_with = (pod["metadata"].get("annotations") or {}).get(STARTED_WITH)
    return started_with is not None and started_with != fingerprint(cluster)
