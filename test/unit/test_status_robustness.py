"""Whatever the evidence lacks, an assessment is given and claims nothing it cannot know."""

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cnpg_mcp.domain.status.assessment import Verdict
from cnpg_mcp.domain.status.codes import Effect, FindingCode, effect
from cnpg_mcp.domain.status.evidence import Evidence
from cnpg_mcp.domain.status.phases import KNOWN
from cnpg_mcp.domain.status.verdict import assess
from cnpg_mcp.domain.views.cluster import Cluster
from test.unit.build_cluster import NOW, Scene, healthy


def paths(value: Any, prefix: tuple = ()) -> list[tuple]:
    """The way to every key below a value."""
    items = value.items() if isinstance(value, dict) else ()
    if isinstance(value, list):
        items = enumerate(value)
    return [path for key, one in items for path in ((*prefix, key), *paths(one, (*prefix, key)))]


def without(value: Any, path: tuple) -> Any:
    """The value with one key gone, if it is still there."""
    bare = copy.deepcopy(value)
    at = bare
    for key in path[:-1]:
        at = at[key]
    if isinstance(at, dict):
        del at[path[-1]]
    return bare


def as_json(scene: Scene) -> dict[str, Any]:
    return {"cluster": scene.cluster, "parts": scene.parts}


WHOLE = as_json(healthy(backup={"barmanObjectStore": {}}, managed={"roles": [{"name": "a"}]}))


@given(st.sampled_from(paths(WHOLE["cluster"])))
def test_any_key_of_the_cluster_may_be_missing(path):
    scene = healthy()
    scene.cluster = without(WHOLE["cluster"], path)
    scene.assess()


@given(st.sampled_from([path for path in paths(WHOLE["parts"]) if len(path) > 1]))
def test_any_key_of_the_rest_may_be_missing(path):
    scene = healthy()
    scene.parts = without(WHOLE["parts"], path)
    scene.assess()


@given(
    phase=st.sampled_from(sorted(KNOWN)) | st.text(max_size=40),
    readyInstances=st.integers(0, 4),
    instances=st.integers(0, 4),
    currentPrimary=st.sampled_from(["", "db-1", "db-9"]),
    targetPrimary=st.sampled_from(["", "db-1", "db-2", "pending"]),
    seen=st.sets(st.sampled_from(sorted(WHOLE["parts"]))),
)
def test_any_status_is_assessed(seen, **status):
    scene = healthy().status(**status)
    scene.parts = {part: one if part in seen else None for part, one in scene.parts.items()}
    assessment = scene.assess()
    effects = {effect(one.code) for one in assessment.findings if one.is_problem} - {Effect.NONE}
    if assessment.verdict in {Verdict.DOWN, Verdict.DEGRADED, Verdict.UNKNOWN}:
        assert effects
    elif assessment.verdict is Verdict.PROGRESSING:
        assert Effect.BLOCKS not in effects
    else:
        assert not effects


def test_empty_object_is_unknown():
    assessment = assess(Evidence(cluster=Cluster.parse({})), NOW)
    assert assessment.verdict is Verdict.UNKNOWN


def test_null_fields_count_as_absent():
    nulls = {"metadata": None, "spec": {"backup": None, "postgresql": None}, "status": None}
    assert assess(Evidence(cluster=Cluster.parse(nulls)), NOW).verdict is Verdict.UNKNOWN


def test_codes_are_stable_terms():
    assert all(str(code) == code.lower() and " " not in code for code in FindingCode)
