"""The judge: psql inside the primary's pod."""

import json
from dataclasses import dataclass, replace
from typing import Any, Self

from kubernetes.client.exceptions import ApiException

from test.e2e.admin import Admin, CommandFailed

SEPARATOR = "\x1f"
_WITH_PASSWORD = 'read -r PGPASSWORD; export PGPASSWORD; exec psql "$@"'
_FLAGS = ("-XtA", "-v", "ON_ERROR_STOP=1", "-F", SEPARATOR)


@dataclass(frozen=True)
class Psql:
    """PostgreSQL of one cluster, as its superuser or through a login."""

    admin: Admin
    namespace: str
    cluster: str

    def rows(self, statement: str, database: str = "postgres") -> list[tuple[str, ...]]:
        """What a statement answers to the superuser."""
        command = ["psql", *_FLAGS, "-d", database, "-c", statement]
        output = self.admin.execute(self.namespace, self._pod(), command)
        return [tuple(line.split(SEPARATOR)) for line in output.splitlines()]

    def names(self, statement: str, database: str = "postgres") -> set[str]:
        """The first column of the answer."""
        return {row[0] for row in self.rows(statement, database)}

    def value(self, statement: str, database: str = "postgres") -> Any:
        """The JSON that a statement answers in one row, or `None` when there is no row."""
        found = self.rows(statement, database)
        return json.loads(SEPARATOR.join(found[0])) if found else None

    def twin(self) -> Self:
        """The same for another thread: a connection of an administrator serves one at a time."""
        return replace(self, admin=self.admin.twin())

    def why_no_login(self, role: str, password: str) -> str:
        """PostgreSQL's words when a password does not open it over the network, else nothing."""
        target = f"host=localhost dbname=postgres connect_timeout=5 user={_quoted(role)}"
        try:
            answer = self.login(target, password, "select current_user")
        except CommandFailed as failure:
            return str(failure)
        assert answer == role
        return ""

    def login(self, target: str, password: str, statement: str) -> str:
        """What a statement answers over the network to a login; `target` is a connection string.

        Raises:
            CommandFailed: the login or the statement failed.
        """
        command = ["sh", "-c", _WITH_PASSWORD, "sh", *_FLAGS, "-d", target, "-c", statement]
        return self.admin.execute(self.namespace, self._pod(), command, given=password).strip()

    def answers_writes(self, target: str, password: str) -> bool:
        """Whether a login reaches a server that is not in recovery."""
        try:
            return self.login(target, password, "select pg_is_in_recovery()") == "f"
        except (CommandFailed, ApiException):
            return False

    def _pod(self) -> str:
        """The first instance: no cluster here fails over."""
        return f"{self.cluster}-1"


def literal(text: str) -> str:
    """A string in SQL."""
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def identifier(name: str) -> str:
    """A name in SQL."""
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def _quoted(value: str) -> str:
    """A value in a connection string."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
