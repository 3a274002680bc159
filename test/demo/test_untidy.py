"""Whatever stands in annotations, labels and specs: node and operator go on, for everybody."""

import asyncio
import base64
import itertools
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnpg_mcp.demo.client import NOT_FOUND, PATIENCE_SECONDS, ApiError, until
from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.operator import instances
from cnpg_mcp.demo.operator.labels import major
from cnpg_mcp.demo.simulation import Options, Simulation
from cnpg_mcp.demo.world.instances import is_fenced, serial
from test.controlplane.clusters import cluster, database, database_role, healthy
from test.demo.same.objects import claim, pod, secret

SPACE = "default"
_EXAMPLES = settings(max_examples=60, deadline=None)
_READ = (
    "cnpg.io/fencedInstances",
    "cnpg.io/hibernation",
    "cnpg.io/reconciliationLoop",
    "cnpg.io/reconcilePodSpec",
    "cnpg.io/validation",
    instances.RESTARTED_AT,
    *(
        f"nodesim/{what}"
        for what in ("archiving", "down", "pending", "image-pull", "volume", "job")
    ),
    *(f"nodesim/{what}" for what in ("backup", "fail", "session", "settings", "spec-hash")),
)
"""The annotations that node or operator read."""
_ODD = ("not json", "5", "null", "{}", "[5]", '["pg-1", 5]', "[" * 2000, "9" * 5000, "\u0000")
_TEXTS = st.text(max_size=20) | st.sampled_from((*_ODD, '["*"]', "on"))
_LABELS = st.text("abz019-_.", max_size=20)


class Stage:
    """A simulation at work, with a cluster to be spoilt and another one that shows the time."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self.simulation = Simulation(Options())
        self._turns = itertools.count()
        self.run(self._start())

    def run(self, work: Any) -> Any:
        return self._loop.run_until_complete(work)

    async def _start(self) -> None:
        await self.simulation.start()
        for body in (
            cluster(SPACE, "pg", instances=2),
            database(SPACE, "orders"),
            database_role(SPACE, "reader"),
            cluster(SPACE, "clock"),
        ):
            await self.simulation.api.create(body)
        for name in ("pg", "clock"):
            await self.simulation.api.wait_for("clusters", SPACE, name, healthy)

    def tries(self, *bodies: KubeObject) -> None:
        """Creates what the API server takes, lets a turn pass, and takes it away again."""
        self.run(self._tried(bodies))

    async def _tried(self, bodies: tuple[KubeObject, ...]) -> None:
        api, made = self.simulation.api, []
        for body in bodies:
            try:
                made.append(await api.create(body))
            except ApiError as error:
                if error.status >= 500:
                    raise
        await self.turned()
        await until(
            lambda: self._are_gone(made), PATIENCE_SECONDS, lambda: f"of {made} some remain"
        )

    async def _are_gone(self, made: list[KubeObject]) -> bool:
        """Deletes them, and what the operator has made in place of what it took for an instance."""
        gone = [await self._is_gone(each) for each in reversed(made)]
        return all(gone)

    async def _is_gone(self, made: KubeObject) -> bool:
        api, meta = self.simulation.api, made["metadata"]
        where = f"{made['kind'].lower()}s", meta["namespace"], meta["name"]
        try:
            await api.delete(*where, gracePeriodSeconds=0)
            await api.get(*where)
        except ApiError as error:
            if error.status != NOT_FOUND:
                raise
            return True
        return False

    def annotates(self, plural: str, name: str, annotations: dict[str, str]) -> None:
        """Annotates, lets a turn pass, and takes the annotations away again."""
        self.run(self._annotated(plural, name, annotations))

    async def _annotated(self, plural: str, name: str, annotations: dict[str, str]) -> None:
        api = self.simulation.api
        try:
            await api.annotate(plural, SPACE, name, dict(annotations))
        except ApiError as error:
            if error.status >= 500:
                raise
            return
        await self.turned()
        with suppress(ApiError):  # it may have been replaced meanwhile
            await api.annotate(plural, SPACE, name, dict.fromkeys(annotations))
        await api.wait_for("clusters", SPACE, "pg", healthy)

    async def turned(self) -> None:
        """Returns when node and operator have looked at everything, and had no mishap."""
        turn = f"turn {next(self._turns)}"

        def seen(found: KubeObject) -> bool:
            conditions = {each["type"]: each for each in found["status"]["conditions"]}
            return bool(conditions["ContinuousArchiving"]["message"] == turn)

        await self.simulation.api.annotate("clusters", SPACE, "clock", {"nodesim/archiving": turn})
        await self.simulation.api.wait_for("clusters", SPACE, "clock", seen)
        assert self.mishaps == []

    @property
    def mishaps(self) -> list[str]:
        return [*self.simulation.node.errors, *self.simulation.operator.errors]

    def close(self) -> None:
        self.run(self.simulation.stop())
        self._loop.close()


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    made = Stage()
    yield made
    made.close()


@pytest.mark.parametrize("key", _READ)
def test_odd_texts_in_an_annotation(stage: Stage, key: str) -> None:
    for text in _ODD:
        stage.annotates("clusters", "pg", {key: text})


@_EXAMPLES
@given(
    what=st.sampled_from(
        (("clusters", "pg"), ("pods", "pg-1"), ("persistentvolumeclaims", "pg-2"))
    ),
    annotations=st.dictionaries(st.sampled_from(_READ), _TEXTS, min_size=1, max_size=4),
)
def test_any_text_in_any_annotation(
    stage: Stage, what: tuple[str, str], annotations: dict[str, str]
) -> None:
    stage.annotates(*what, annotations)


@_EXAMPLES
@given(
    name=st.from_regex(r"[a-z]([-a-z0-9]{0,8}[a-z0-9])?", fullmatch=True),
    labels=st.dictionaries(
        st.sampled_from(("cnpg.io/pvcRole", "cnpg.io/instanceName", "cnpg.io/podRole", "role")),
        _LABELS | st.sampled_from(("PG_DATA", "PG_WAL", "instance", "pg-1")),
    ),
    owned=st.booleans(),
)
def test_strangers_that_look_like_an_instance(
    stage: Stage, name: str, labels: dict[str, str], owned: bool
) -> None:
    owner = stage.run(stage.simulation.api.get("clusters", SPACE, "pg"))
    reference = {key: owner[key] for key in ("apiVersion", "kind")} | {
        key: owner["metadata"][key] for key in ("name", "uid")
    }
    bodies = (pod(SPACE, f"x{name}"), claim(SPACE, f"x{name}"))
    for body in bodies:
        body["metadata"]["labels"] = {"cnpg.io/cluster": "pg", **labels}
        body["metadata"]["ownerReferences"] = [reference] if owned else []
    stage.tries(*bodies)


_QUANTITIES = st.text("0123456789.eEKMGi+-mn", max_size=8) | st.sampled_from(("9" * 5000, "1e99"))
_IMAGES = _TEXTS | st.text("abz09.:/@-", max_size=20).map("localhost:5000/{}".format)
_SPECS = st.fixed_dictionaries(
    {},
    optional={
        "imageName": _IMAGES,
        "storage": st.fixed_dictionaries(
            {}, optional={"size": _QUANTITIES, "pvcTemplate": st.just({})}
        ),
        "resources": st.fixed_dictionaries({"requests": st.dictionaries(_LABELS, _QUANTITIES)}),
        "stopDelay": st.integers(),
        "failoverDelay": st.integers(),
        "postgresql": st.fixed_dictionaries(
            {
                "parameters": st.dictionaries(
                    st.sampled_from(("shared_buffers", "wal_level")), _TEXTS
                )
            }
        ),
    },
)


@_EXAMPLES
@given(_SPECS)
def test_any_value_in_the_spec_of_a_cluster(stage: Stage, spec: dict[str, object]) -> None:
    stage.tries(cluster(SPACE, "odd", **spec))


@_EXAMPLES
@given(st.binary(max_size=20), st.text(max_size=8))
def test_any_bytes_in_a_secret(stage: Stage, data: bytes, kind: str) -> None:
    held = secret(SPACE, "spoilt")
    held["metadata"]["labels"] = {"cnpg.io/reload": "true"}
    held["data"] = {"username": base64.b64encode(data).decode()}
    reader = database_role(SPACE, "spoilt", passwordSecret={"name": "spoilt"})
    stage.tries(held, reader)


@pytest.mark.parametrize("written", ["not json", "5", "null", "{}", '["pg-1", 5]', "[" * 100_000])
def test_what_is_no_list_of_names_fences_nobody(written: str) -> None:
    found = {"metadata": {"annotations": {"cnpg.io/fencedInstances": written}}}
    assert not is_fenced(found, "pg-1")


@pytest.mark.parametrize(
    ("name", "number"),
    [("pg-12", 12), ("pg", 0), ("pg-x", 0), ("pg-\u0663", 0), ("pg-" + "9" * 5000, 0)],
)
def test_number_of_an_instance(name: str, number: int) -> None:
    assert serial(name) == number


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("localhost:5000/postgresql:17.2", 17),
        ("localhost:5000/postgresql", 18),
        ("registry.example/postgresql:16-bookworm@sha256:0", 16),
        ("registry.example/postgresql:" + "9" * 5000, 18),
    ],
)
def test_major_version_is_the_tag_s(image: str, version: int) -> None:
    assert major(image) == version
