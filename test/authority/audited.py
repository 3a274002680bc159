"""A control plane whose API server keeps an audit log: who made each request, and as whom."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from test.controlplane import access
from test.controlplane.api import KubeClient, until
from test.controlplane.plane import Plane

_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [{"level": "Metadata"}],
}
_END = "/api/v1/namespaces/end-of-what-was-asked"
"""A path that nobody asks for but who wants to know that everything before is written."""


@dataclass(frozen=True)
class Request:
    """One request as the API server saw it: the account that made it, and as whom it was judged."""

    account: str
    user: str
    groups: frozenset[str]
    verb: str
    path: str
    status: int

    @classmethod
    def of(cls, event: dict[str, Any]) -> "Request":
        """A request by its audit event."""
        judged = event.get("impersonatedUser") or event["user"]
        return cls(
            account=event["user"]["username"],
            user=judged["username"],
            groups=frozenset(judged.get("groups") or ()),
            verb=event["verb"],
            path=event["requestURI"],
            status=event["responseStatus"]["code"],
        )


class AuditedPlane(Plane):
    """A control plane on which nothing works, with an audit log."""

    def __init__(self) -> None:
        super().__init__(operator=False)
        self._ends = 0

    def user_of(self, kubeconfig: Path) -> str:
        """The name of the user that a kubeconfig of this plane stands for."""
        return kubeconfig.stem

    def account(self) -> Path:
        """The kubeconfig of a new user without any right, ready at once."""
        return self.restricted_kubeconfig()

    def let_in(self, kubeconfig: Path, namespace: str) -> None:
        """Gives a user the chart's rights in one namespace more."""
        grant = access.Grant(self.user_of(kubeconfig), (namespace,), False, frozenset())
        self._loop.run(access.give(self._api, kubeconfig, grant))

    async def requests(self, account: str) -> list[Request]:
        """All that an account has asked so far, by itself or as somebody else."""
        self._ends += 1
        last = f"{_END}-{self._ends}"
        async with KubeClient(self.account()) as nobody:
            await nobody.session.get(last)

        async def written() -> bool:
            return any(last in line for line in self._lines())

        await until(written, 60, lambda: "the audit log has no end")
        events = map(json.loads, self._lines())
        found = [Request.of(each) for each in events if each["stage"] != "Panic"]
        return [each for each in found if each.account == account]

    def _lines(self) -> list[str]:
        """The log's lines, without one that is still being written."""
        return self._log.read_text().split("\n")[:-1]

    @property
    def _log(self) -> Path:
        return self.folder / "audit.log"

    def _spawn(self, name: str, program: Path, *arguments: str, **options: Any) -> None:
        if name == "apiserver":
            policy = self.folder / "audit-policy.yaml"
            policy.write_text(yaml.safe_dump(_POLICY))
            arguments += (f"--audit-policy-file={policy}", f"--audit-log-path={self._log}")
        super()._spawn(name, program, *arguments, **options)
