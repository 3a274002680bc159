"""Where Helm comes from, and what is said when it comes from nowhere."""

from pathlib import Path

import pytest

from test import helm
from test.controlplane import binaries


@pytest.fixture
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine with an empty cache, without Go and without Helm."""
    monkeypatch.setenv("CNPG_MCP_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(binaries, "USUAL_GO_FOLDER", str(tmp_path))
    return tmp_path


def test_helm_on_the_path_is_used(bare_machine: Path) -> None:
    program = bare_machine / "helm"
    program.touch(mode=0o755)
    assert helm.find_helm() == program


def test_helm_that_was_built_is_used_again(bare_machine: Path) -> None:
    folder = bare_machine / f"cache/bin-{binaries.ARCH}"
    folder.mkdir(parents=True)
    program = folder / f"helm-{helm.HELM_VERSION}"
    program.touch()
    assert helm.find_helm() == program


@pytest.mark.usefixtures("bare_machine")
def test_without_helm_and_go_the_reason_says_what_is_missing() -> None:
    with pytest.raises(binaries.Unavailable, match=r"helm is not on the PATH.*install Go"):
        helm.find_helm()
