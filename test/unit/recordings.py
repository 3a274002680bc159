"""Reads the recorded situations as evidence."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cnpg_mcp.demo import recordings
from cnpg_mcp.domain.status.assessment import Verdict
from cnpg_mcp.domain.status.evidence import SOURCES, Evidence
from cnpg_mcp.domain.views.cluster import Cluster
from cnpg_mcp.domain.views.reports import InstanceReport


@dataclass(frozen=True)
class Recording:
    """One recorded situation: what was seen, when, and what was really the matter."""

    name: str
    evidence: Evidence
    now: datetime
    verdict: Verdict
    also_acceptable: frozenset[Verdict]


def moment_of(scene: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(scene["recorded_at"])


def load(name: str) -> Recording:
    scene = recordings.load(name)
    truth = scene["truth"]
    return Recording(
        name=name,
        evidence=evidence_of(scene),
        now=moment_of(scene),
        verdict=Verdict(truth["verdict"]),
        also_acceptable=frozenset(Verdict(one) for one in truth.get("also_acceptable", ())),
    )


def evidence_of(scene: Mapping[str, Any]) -> Evidence:
    cluster = Cluster.parse(scene["cluster"])
    parts = {
        part: tuple(
            view
            for view in (source.view.parse(one) for one in scene[_key(scene, part)])
            if source.keep(cluster, view)
        )
        for part, source in SOURCES.items()
    }
    reports = scene.get("instance_reports")
    if reports is not None:
        parts["instance_reports"] = tuple(
            InstanceReport.parse(pod, answer["http"], answer["body"])
            for pod, answer in reports.items()
        )
    return Evidence(cluster=cluster, **parts)


def _key(scene: Mapping[str, Any], part: str) -> str:
    return part if part in scene else part.replace("_", "")
