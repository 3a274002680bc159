"""What happens at the door, in the audit log and in the metrics."""

import logging

from limits import parse

from cnpg_mcp.auth.events import AuthEvent, Door, Tell
from cnpg_mcp.domain.estate import utc_now
from cnpg_mcp.domain.journal import Journal
from cnpg_mcp.serving.app import audit_sink
from cnpg_mcp.serving.limits import Budget
from cnpg_mcp.serving.metrics import Metrics
from cnpg_mcp.serving.requests import current_request_id
from cnpg_mcp.settings import Settings

_log = logging.getLogger(__name__)
_REFUSALS = parse("30/minute")
_SIGN_INS = {
    (Door.SIGN_IN, "ok"): "granted",
    (Door.SIGN_IN, "failed"): "failed",
    (Door.REFRESH, "ok"): "refreshed",
    (Door.SIGN_IN, "refused"): "refused",
    (Door.REFRESH, "reused"): "refused",
    (Door.REFRESH, "refused"): "refused",
    (Door.REVOKE, "ok"): "revoked",
}


def door_record(settings: Settings, metrics: Metrics) -> Tell:
    """Writes every event at the door down; a log that cannot be written keeps nobody out.

    Of refused tokens only the first thirty a minute of an address, or a flood would fill the log.
    """
    journal = Journal(sink=audit_sink(settings))
    budget = Budget()

    def tell(event: AuthEvent) -> None:
        if event.door is Door.CALL:
            if budget.overdrawn(_REFUSALS, str(event.facts.get("address"))) is not None:
                return
        else:
            metrics.sign_in(_SIGN_INS.get((event.door, event.outcome), event.outcome))
        facts = {"request_id": current_request_id(), "outcome": event.outcome, **event.facts}
        try:
            journal.note(event.door.value, utc_now(), facts)
        except OSError:
            _log.exception("the audit log cannot be written")

    return tell
