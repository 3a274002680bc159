"""Where the control plane's programs come from, and what is said when they come from nowhere."""

from pathlib import Path

import pytest

from test.controlplane import binaries


@pytest.fixture
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine with an empty cache, without Go and without anything provided."""
    for name in ("KUBEBUILDER_ASSETS", "CNPG_OPERATOR_BINARY", "CNPG_CRDS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CNPG_MCP_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("GOMODCACHE", str(tmp_path / "modules"))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(binaries, "USUAL_GO_FOLDER", str(tmp_path))
    return tmp_path


def _program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o755)
    return path


@pytest.mark.usefixtures("bare_machine")
def test_without_go_and_programs_the_reason_says_what_to_install() -> None:
    with pytest.raises(binaries.Unavailable, match=r"install Go.*KUBEBUILDER_ASSETS"):
        binaries.find()


def test_provided_programs_are_used(bare_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    etcd = _program(bare_machine / "assets/etcd")
    _program(bare_machine / "assets/kube-apiserver")
    operator = _program(bare_machine / "manager")
    crd = _program(bare_machine / "crds/cluster.yaml")
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(etcd.parent))
    monkeypatch.setenv("CNPG_OPERATOR_BINARY", str(operator))
    monkeypatch.setenv("CNPG_CRDS", str(crd.parent))
    found = binaries.find()
    assert (found.etcd, found.operator, found.crds) == (etcd, operator, crd.parent)


def test_operator_that_is_no_program_is_named(
    bare_machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assets = _program(bare_machine / "assets/etcd").parent
    _program(assets / "kube-apiserver")
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(assets))
    monkeypatch.setenv("CNPG_OPERATOR_BINARY", str(bare_machine / "nothing"))
    with pytest.raises(binaries.Unavailable, match="nothing is not an executable"):
        binaries.find()
