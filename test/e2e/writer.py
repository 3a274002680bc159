"""The tools that write, used on one cluster, and PostgreSQL as the judge of every answer."""

import uuid
from dataclasses import dataclass, replace
from typing import Any, Self

from test.e2e.desk import Answer, Data, Desk, Refusal, UnexpectedRefusal
from test.e2e.psql import Psql
from test.e2e.truth import prove
from test.e2e.waiting import until

PATIENCE = 45
"""Seconds that a tool waits at most."""
NEW_PLANS = 9
DATABASE_ROLE, INLINE = "DatabaseRole", "inline"
"""The two back-ends of roles, as the list names them."""


def new_name(kind: str) -> str:
    """A name that no test has used: the operator's reports on one that is gone lag behind."""
    return f"{kind}_{uuid.uuid4().hex[:8]}"


@dataclass(frozen=True)
class Writer:
    """A desk and a cluster; what is called applied is looked for in PostgreSQL at once."""

    desk: Desk
    psql: Psql

    def ask(self, tool: str, **arguments: Any) -> Answer:
        """The answer, true if it says applied."""
        answer = self.desk.ask(tool, **self._cluster(tool), **arguments)
        if answer.data.get("outcome") == "applied":
            prove(self.psql, tool, arguments, answer)
        return answer

    def applied(self, tool: str, **arguments: Any) -> Answer:
        """The answer to a call that ends applied."""
        answer = self.ask(tool, **arguments, wait_seconds=PATIENCE)
        assert answer.data["outcome"] == "applied", answer.text
        return answer

    def planned(self, tool: str, **arguments: Any) -> Data:
        """The plan for a call."""
        answer = self.ask(tool, **arguments)
        assert answer.data["outcome"] == "planned", answer.text
        return answer.data

    def confirmed(self, tool: str, **arguments: Any) -> Answer:
        """The answer to a planned call that ends applied."""
        code = self.planned(tool, **arguments)["confirmation"]
        return self.applied(tool, **arguments, confirmation=code)

    def confirmed_in_the_end(self, tool: str, **arguments: Any) -> Answer:
        """The same beside other writers: what they change makes a plan stale, and a new one due."""
        for _ in range(NEW_PLANS):
            try:
                return self.confirmed(tool, **arguments)
            except UnexpectedRefusal as refusal:
                if refusal.code not in {"confirmation_stale", "conflict"}:
                    raise
        return self.confirmed(tool, **arguments)

    def refused(self, tool: str, **arguments: Any) -> Refusal:
        """How a call is refused."""
        return self.desk.refused(tool, **self._cluster(tool), **arguments)

    def rejected(self, tool: str, **arguments: Any) -> Refusal:
        """How PostgreSQL refuses a planned drop, which stays pending."""
        code = self.planned(tool, **arguments)["confirmation"]
        refusal = self.refused(tool, **arguments, confirmation=code, wait_seconds=PATIENCE)
        assert refusal.code == "rejected_by_operator", refusal.text
        assert refusal.data["result"]["pending"] is True
        return refusal

    def row(self, plural: str, name: str) -> Data | None:
        """A role or database as the lists show it."""
        found = self.desk.ask(f"list_postgres_{plural}", cluster_name=self.psql.cluster, limit=500)
        rows = [row for row in found.data[plural] if row["name"] == name]
        assert len(rows) <= 1
        return rows[0] if rows else None

    def state(self, plural: str, name: str) -> str:
        """Its state there."""
        row = self.row(plural, name)
        return str(row["state"]) if row else ""

    def forgotten_role(self, name: str) -> None:
        """Returns when the list has no role of the name: an old report may have it for a while."""
        until(lambda: self.row("roles", name) is None, PATIENCE, f"{name} is not listed any more")

    def password(self, role: str) -> str:
        """What the Secret holds that the list names for a role."""
        row = self.row("roles", role) or {}
        return self.psql.admin.secret(self.psql.namespace, row["secret"])["password"]

    def twin(self) -> Self:
        """The same for another thread."""
        return replace(self, psql=self.psql.twin())

    def _cluster(self, tool: str) -> Data:
        is_of_clusters = tool.endswith(("_postgres_cluster", "_cluster_status"))
        parameter = "name" if is_of_clusters else "cluster_name"
        return {parameter: self.psql.cluster}
