"""The real Helm: found on the PATH, else built from its Go module into the cache, once."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from test.controlplane.binaries import (
    KUBERNETES_VERSION,
    STRIP,
    Unavailable,
    built,
    go_build,
    go_module,
)

HELM_VERSION = "v3.19.0"
HELM_MODULE = "helm.sh/helm/v3"
CHART = Path(__file__).parents[1] / "helm/cnpg-mcp"
CNPG_API = "postgresql.cnpg.io/v1"
Values = Mapping[str, Any]


class HelmRefused(Exception):
    """Helm has ended with a failure; the text is what it said."""


@dataclass(frozen=True)
class Helm:
    """Helm's command line, with a folder of its own for what it remembers.

    Args:
        program: where it is.
        home: for its configuration, cache and data.
        kubeconfig: of the cluster that it installs on; none: it only renders.
    """

    program: Path
    home: Path
    kubeconfig: Path | None = None

    def run(self, *arguments: str, values: Values | None = None) -> str:
        """What Helm prints; `values` go in as a file would.

        Raises:
            HelmRefused: it failed.
        """
        given = () if values is None else ("--values", "-")
        done = subprocess.run(
            [str(self.program), *arguments, *given],
            env=self._environment(),
            input=yaml.safe_dump(dict(values or {})),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise HelmRefused(done.stderr)
        return done.stdout

    def render(
        self,
        values: Values,
        *arguments: str,
        release: str = "cnpg-mcp",
        namespace: str = "cnpg-mcp",
    ) -> str:
        """The chart's manifests with these values, no API server being asked."""
        where = ("--namespace", namespace, "--kube-version", KUBERNETES_VERSION)
        return self.run("template", release, str(CHART), *where, *arguments, values=values)

    def _environment(self) -> dict[str, str]:
        folders = {
            f"HELM_{kind}_HOME": str(self.home / kind.lower())
            for kind in ("CONFIG", "CACHE", "DATA")
        }
        kubeconfig = str(self.kubeconfig or self.home / "none")
        return {**os.environ, **folders, "KUBECONFIG": kubeconfig}


def find_helm() -> Path:
    """Where Helm is.

    Raises:
        Unavailable: it is not here and cannot be built.
    """
    found = shutil.which("helm")
    if found:
        return Path(found)
    try:
        return built(f"helm-{HELM_VERSION}", _build)
    except Unavailable as reason:
        raise Unavailable(f"helm is not on the PATH, and cannot be built: {reason}") from reason


def _build(out: Path) -> None:
    package = f"{HELM_MODULE}/cmd/helm"
    module = go_module("helm", f"require {HELM_MODULE} {HELM_VERSION}", package=package)
    go_build(module, out, package, f"{STRIP} {_stamps()}")


def _stamps() -> str:
    """What Helm's own build writes into it: its version, and the newest Kubernetes it knows."""
    major, minor, _ = KUBERNETES_VERSION.removeprefix("v").split(".")
    known = {"internal/version.version": HELM_VERSION}
    for part in ("chartutil", "lint/rules"):
        known |= {f"pkg/{part}.k8sVersionMajor": major, f"pkg/{part}.k8sVersionMinor": minor}
    return " ".join(f"-X {HELM_MODULE}/{name}={value}" for name, value in known.items())
