"""kubectl, as whoever installs the servers uses it."""

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cnpg_mcp.demo.kinds import KubeObject
from test.controlplane.process import Child
from test.e2e.waiting import until

SECONDS = 240
FORWARDED_SECONDS = 60
_FORWARDING = re.compile(r"Forwarding from 127\.0\.0\.1:(\d+) ->")


class KubectlFailed(Exception):
    """kubectl has ended with a failure; the text is what it said."""


@dataclass(frozen=True)
class Kubectl:
    """kubectl in one namespace."""

    program: Path
    kubeconfig: Path
    namespace: str

    def run(self, *arguments: str, given: str | None = None) -> str:
        """What it prints.

        Raises:
            KubectlFailed: it failed.
        """
        done = subprocess.run(
            [*self._command(), *arguments],
            input=given,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        if done.returncode:
            raise KubectlFailed(done.stderr.strip())
        return done.stdout

    def apply(self, *objects: KubeObject) -> None:
        """Applies objects."""
        self.run("apply", "-f", "-", given=yaml.safe_dump_all(objects))

    def patch(self, target: str, change: KubeObject) -> None:
        """Strategic merge patch: lists are merged by name."""
        self.run("patch", target, "--patch", json.dumps(change))

    def json(self, *arguments: str) -> Any:
        """What `kubectl get` finds."""
        return json.loads(self.run("get", *arguments, "-o", "json"))

    def names(self, kinds: str) -> set[str]:
        """Kind and name of all objects of some kinds."""
        return set(self.run("get", kinds, "-o", "name").split())

    @contextmanager
    def forwarded(self, target: str, port: int, folder: Path, local: int = 0) -> Iterator[int]:
        """A loopback port that leads to a port of a pod, Deployment or Service."""
        child = Child(f"port-forward-{port}", folder)
        ports = f"{local or ''}:{port}"
        child.start(self.program, *self._command()[1:], "port-forward", target, ports, cwd=folder)
        try:
            found = until(
                lambda: _FORWARDING.search(child.tail()), FORWARDED_SECONDS, f"{target}:{port}"
            )
            yield int(found[1])
        finally:
            child.stop()

    def _command(self) -> list[str]:
        return [
            str(self.program),
            f"--kubeconfig={self.kubeconfig}",
            f"--namespace={self.namespace}",
        ]
