"""The judge: psql inside the primary's pod."""

from dataclasses import dataclass

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
        """The only instance; all clusters here have one."""
        return f"{self.cluster}-1"
