"""`helm upgrade` of two replicas while people call and refresh: nobody notices."""

import os
from collections.abc import Iterator

import pytest

from test.e2e.installed.installation import Installation, prepared
from test.e2e.installed.redis import SECRET, start_redis
from test.e2e.installed.signed_in import sign_in
from test.e2e.installed.stream import Stream
from test.e2e.installed.surroundings import LOAD_IMAGE, Surroundings, load
from test.e2e.waiting import until
from test.image.build import REPOSITORY, built_image

NEXT_TAG = "next"
REPLICAS = 2
OLD_GONE_SECONDS = 90
CALL_PAUSE, REFRESH_PAUSE = 0.02, 1.0


@pytest.fixture
def replicas(
    ready_around: Surroundings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """Two replicas with a Redis of their own."""
    store = {"type": "redis", "redis": {"existingSecret": SECRET}}
    values = {"replicas": REPLICAS, "store": store}
    with prepared(ready_around, tmp_path_factory.mktemp("replicas"), values) as installation:
        start_redis(installation.kubectl, ready_around.services)
        installation.install()
        yield installation


@pytest.fixture
def next_image(ready_around: Surroundings) -> str:
    """The image under another tag, loaded."""
    image = built_image(f"{REPOSITORY}:{NEXT_TAG}")
    load(os.environ[LOAD_IMAGE], image)
    return image.name


def test_upgrade_of_replicas_fails_no_call_and_ends_no_login(
    replicas: Installation, next_image: str
) -> None:
    caller, refresher = sign_in(replicas), sign_in(replicas)
    http = replicas.around.outside.http
    with (
        Stream(http, caller.call, CALL_PAUSE) as calls,
        Stream(http, refresher.refresh, REFRESH_PAUSE) as refreshes,
    ):
        calls.await_more()
        replicas.upgrade({"image": {"tag": NEXT_TAG}, "settings": {"LOG_LEVEL": "INFO"}})
        wanted = [next_image] * (2 * REPLICAS)
        until(lambda: images(replicas) == wanted, OLD_GONE_SECONDS, "the old pods have ended")
        calls.await_more()
        refreshes.await_more(2)
    assert not calls.failures, f"{len(calls.failures)} of {calls.count}: {calls.failures[:5]}"
    assert not refreshes.failures, f"of {refreshes.count}: {refreshes.failures[:5]}"
    caller.proves_itself()
    refresher.proves_itself()


def images(installation: Installation) -> list[str]:
    """The image of every container of every pod, of ending ones too."""
    pods = installation.kubectl.json("pods", "--selector=app=cnpg-mcp-server")["items"]
    return [each["image"] for pod in pods for each in pod["spec"]["containers"]]
