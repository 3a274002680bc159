"""The API server in memory and the real one, asked the same."""

from functools import cache

import pytest

from cnpg_mcp.demo.kubernetes.http import HttpApi
from test.demo.same.compare import differences, play
from test.demo.same.differences import INTENDED, is_intended
from test.demo.same.emulator import TOKENS, bare_server, served, write_kubeconfig
from test.demo.same.endpoint import endpoint, forgetting
from test.demo.same.exchange import FORGET, at, get
from test.demo.same.scenes import SCENES


@pytest.fixture(scope="module")
def real(bare_plane):
    with endpoint("real", bare_plane.admin_kubeconfig, forgetting(bare_plane)) as asked:
        yield asked


@pytest.fixture(scope="module")
def emulated(tmp_path_factory):
    server = bare_server()
    kubeconfig = tmp_path_factory.mktemp("emulator") / "kubeconfig"
    with (
        served(HttpApi(server, TOKENS)) as address,
        endpoint(
            "emulated", write_kubeconfig(kubeconfig, address), server.storage.forget_the_past
        ) as asked,
    ):
        yield asked


class Stage:
    """Both API servers; each scene is played once on each."""

    def __init__(self, real, emulated):
        self.real = cache(lambda name: play(SCENES[name], real))
        self.emulated = cache(lambda name: play(SCENES[name], emulated))

    def differences(self, name):
        """Everything in which the two performances of a scene differ."""
        return list(differences(name, self.real(name), self.emulated(name)))


@pytest.fixture(scope="module")
def stage(real, emulated):
    return Stage(real, emulated)


@pytest.mark.parametrize("name", SCENES)
def test_answers_are_the_same(stage, name):
    told = [str(each) for each in stage.differences(name) if not is_intended(each)]
    assert not told, "\n".join(told)


def test_every_intended_difference_is_there(stage):
    found = [each for name in SCENES for each in stage.differences(name)]
    obsolete = [each for each in INTENDED if not any(map(each.covers, found))]
    assert not obsolete


def test_the_real_server_is_the_same_as_itself(stage, real):
    found = [
        str(each)
        for name, scene in SCENES.items()
        for each in differences(name, stage.real(name), play(scene, real))
    ]
    assert not found, "\n".join(found)


def test_a_server_that_has_just_started_is_waited_for(real):
    """Its first answer for each kind is a 429, for as long as it prepares the kind's storage."""
    real.send(FORGET)
    kinds = [get(at(plural, "default")) for plural in ("clusters", "databases", "databaseroles")]
    assert [real.send(each).status for each in kinds] == [200] * len(kinds)
