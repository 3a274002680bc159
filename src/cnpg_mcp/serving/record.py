"""What happens at the door, in the audit log and in the metrics."""

import logging

from cnpg_mcp.auth.events import AuthEvent, Door, Tell
from cnpg_mcp.domain.estate import utc_now
from cnpg_mcp.domain.journal import Journal
from cnpg_mcp.serving.app import audit_sink
from cnpg_mcp.serving.metrics import Metrics
from cnpg_mcp.serving.requests import current_request_id
from cnpg_mcp.settings import Settings

_log = logging.getLogger(__name__)
_SIGN_INS = {
    (Door.SIGN_IN, "ok"): "granted",
    (Door.SIGN_IN, "failed"): "failed",
    (Door.REFRESH, "ok"): "refreshed",
    (Door.REFRESH, "reused"): "refused",
    (Door.REVOKE, "ok"): "revoked",
}


def door_record(settings: Settings, metrics: Metrics) -> Tell:
    """Writes every event at the door down; a log that cannot be written keeps nobody out."""
    journal = Journal(sink=audit_sink(settings))

    def tell(event: AuthEvent) -> None:
        if event.door is not Door.CALL:
            metrics.sign_in(_SIGN_INS.get((event.door, event.outcome), event.outcome))
        facts = {"request_id": current_request_id(), "outcome": event.outcome, **event.facts}
        try:
            journal.note(event.door.value, utc_now(), facts)
        except OSError:
            _log.exception("the audit log cannot be written")

    return tell
