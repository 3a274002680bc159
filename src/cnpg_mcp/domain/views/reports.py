"""A typed view of what an instance manager tells of its PostgreSQL (`/pg/status`)."""

from http import HTTPStatus

from pydantic import JsonValue

from cnpg_mcp.domain.views.base import View


class Replication(View):
    """One standby as the primary sees it (`pg_stat_replication`)."""

    application_name: str = ""
    state: str = ""
    sync_state: str = ""

    @property
    def confirms_commits(self) -> bool:
        """Whether PostgreSQL lets a synchronous commit count on it, now or in its turn."""
        return self.is_streaming and self.sync_state in {"sync", "quorum", "potential"}

    @property
    def is_streaming(self) -> bool:
        """Whether it keeps up with the primary's WAL."""
        return self.state == "streaming"


class InstanceState(View):
    """The body of an instance manager's `/pg/status`."""

    is_primary: bool = False
    pending_restart: bool = False
    pending_restart_for_decrease: bool = False
    might_be_unavailable: bool = False
    replication_info: tuple[Replication, ...] = ()


class InstanceReport(View):
    """What `/pg/status` of one instance answered.

    `http` is `None` when nothing came in time; `error` holds the text of a refusal.
    """

    pod: str
    http: int | None = None
    state: InstanceState | None = None
    error: str = ""

    @classmethod
    def parse(cls, pod: str, http: int | None, body: JsonValue) -> "InstanceReport":
        """The report of a pod from the answer's code and its JSON (or text)."""
        if http == HTTPStatus.OK and isinstance(body, dict):
            return cls(pod=pod, http=http, state=InstanceState.read(body))
        return cls(pod=pod, http=http, error=str(body or ""))
