"""What the API server in memory remembers, for how long, and who is told."""

import asyncio
from contextlib import aclosing

import pytest

from cnpg_mcp.demo.kinds import BY_PLURAL
from cnpg_mcp.demo.kubernetes.storage import (
    CHANGES_KEPT,
    PAST_SECONDS,
    ChangeType,
    Expired,
    Storage,
)

CLUSTERS, SECRETS = BY_PLURAL["clusters"], BY_PLURAL["secrets"]


class Clock:
    """A clock that only a test moves."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def storage(clock):
    return Storage(clock)


def named(name, namespace="here", **fields):
    return {"metadata": {"name": name, "namespace": namespace}, **fields}


def names(objects):
    return [each["metadata"]["name"] for each in objects]


async def first(changes, count):
    """The first changes, with a bound on waiting for them."""
    async with asyncio.timeout(60), aclosing(changes):
        return [await anext(changes) for _ in range(count)]


# --- what there is ---


def test_each_write_has_a_newer_version(storage):
    versions = [
        int(storage.put(kind, named("a", turn=turn))["metadata"]["resourceVersion"])
        for turn in range(3)
        for kind in (CLUSTERS, SECRETS)
    ]
    assert versions == sorted(set(versions))
    assert storage.revision == versions[-1]


def test_objects_come_by_namespace_and_name(storage):
    for name, namespace in (("b", "here"), ("a", "there"), ("a", "here")):
        storage.put(CLUSTERS, named(name, namespace))
    found = [
        (each["metadata"]["namespace"], each["metadata"]["name"]) for each in storage.all(CLUSTERS)
    ]
    assert found == [("here", "a"), ("here", "b"), ("there", "a")]
    assert names(storage.all(CLUSTERS, "there")) == ["a"]
    assert storage.all(SECRETS) == []


def test_a_removed_object_is_gone_and_has_a_newer_version(storage):
    stored = storage.put(CLUSTERS, named("a"))
    last = storage.remove(CLUSTERS, stored)
    assert storage.get(CLUSTERS, "here", "a") is None
    assert int(last["metadata"]["resourceVersion"]) == storage.revision


def test_what_is_stored_is_never_changed_in_place(storage):
    stored = storage.put(CLUSTERS, named("a", turn=1))
    storage.put(CLUSTERS, named("a", turn=2))
    assert stored["turn"] == 1


def test_the_content_of_a_namespace_is_of_all_kinds(storage):
    storage.put(CLUSTERS, named("a"))
    storage.put(SECRETS, named("b"))
    storage.put(SECRETS, named("c", "there"))
    assert {(kind.kind, obj["metadata"]["name"]) for kind, obj in storage.content("here")} == {
        ("Cluster", "a"),
        ("Secret", "b"),
    }


# --- what there was ---


def test_an_earlier_state_has_what_was_changed_added_and_removed_since(storage):
    storage.put(CLUSTERS, named("changed", turn=1))
    gone = storage.put(CLUSTERS, named("gone"))
    then = storage.revision
    storage.put(CLUSTERS, named("changed", turn=2))
    storage.put(CLUSTERS, named("new"))
    storage.remove(CLUSTERS, gone)
    storage.put(SECRETS, named("gone"))
    assert [
        (each["metadata"]["name"], each.get("turn")) for each in storage.at(CLUSTERS, then)
    ] == [
        ("changed", 1),
        ("gone", None),
    ]
    assert names(storage.at(CLUSTERS, storage.revision)) == ["changed", "new"]


def test_before_the_first_write_there_was_nothing(storage):
    then = storage.revision
    storage.put(CLUSTERS, named("a"))
    assert storage.at(CLUSTERS, then) == []


def test_an_earlier_state_is_forgotten_after_a_while(storage, clock):
    storage.put(CLUSTERS, named("a"))
    then = storage.revision
    storage.put(CLUSTERS, named("b"))
    clock.now += PAST_SECONDS
    assert names(storage.at(CLUSTERS, then)) == ["a"]
    clock.now += 1
    with pytest.raises(Expired):
        storage.at(CLUSTERS, then)


def test_a_state_that_is_still_the_present_one_is_not_forgotten(storage, clock):
    storage.put(CLUSTERS, named("a"))
    clock.now += PAST_SECONDS * 10
    assert names(storage.at(CLUSTERS, storage.revision)) == ["a"]


def test_only_so_many_changes_are_remembered(storage):
    storage.put(CLUSTERS, named("a"))
    then = storage.revision
    for turn in range(CHANGES_KEPT):
        storage.put(CLUSTERS, named("a", turn=turn))
    assert storage.oldest == then
    assert storage.at(CLUSTERS, then)
    storage.put(CLUSTERS, named("a", turn="last"))
    with pytest.raises(Expired):
        storage.at(CLUSTERS, then)


def test_a_forgotten_past_keeps_the_present(storage):
    storage.put(CLUSTERS, named("a"))
    then = storage.revision
    storage.forget_the_past()
    with pytest.raises(Expired):
        storage.at(CLUSTERS, then)
    assert names(storage.at(CLUSTERS, None)) == ["a"]
    assert names(storage.at(CLUSTERS, storage.revision)) == ["a"]


# --- who is told ---


async def test_a_watch_tells_what_happened_since_a_revision(storage):
    storage.put(CLUSTERS, named("before"))
    since = storage.revision
    stored = storage.put(CLUSTERS, named("a", turn=1))
    storage.put(SECRETS, named("other"))
    storage.put(CLUSTERS, named("a", turn=2))
    storage.remove(CLUSTERS, stored)
    told = await first(storage.changes(CLUSTERS, since), 3)
    assert [each.type for each in told] == [
        ChangeType.ADDED,
        ChangeType.MODIFIED,
        ChangeType.DELETED,
    ]
    assert [each.before and each.before["turn"] for each in told] == [None, 1, 2]


async def test_a_watch_tells_what_happens_from_now_on(storage):
    watching = asyncio.create_task(first(storage.changes(CLUSTERS, storage.revision), 1))
    await asyncio.sleep(0)
    storage.put(SECRETS, named("other"))
    storage.put(CLUSTERS, named("a"))
    assert names(each.object for each in await watching) == ["a"]


async def test_several_watches_see_the_same(storage):
    watches = [
        asyncio.create_task(first(storage.changes(CLUSTERS, storage.revision), 2)) for _ in range(3)
    ]
    await asyncio.sleep(0)
    for name in ("a", "b"):
        storage.put(CLUSTERS, named(name))
    assert [names(each.object for each in await watch) for watch in watches] == [["a", "b"]] * 3


async def test_a_watch_from_a_forgotten_revision_ends(storage):
    since = storage.revision
    storage.put(CLUSTERS, named("a"))
    storage.forget_the_past()
    with pytest.raises(Expired):
        await first(storage.changes(CLUSTERS, since), 1)


async def test_a_watch_that_is_over_is_forgotten(storage):
    storage.put(CLUSTERS, named("a"))
    await first(storage.changes(CLUSTERS, 0), 1)
    assert not storage._watchers
