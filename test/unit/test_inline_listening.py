"""What the reports of the operator prove of an inline role: only news, and only of this write."""

import pytest

from cnpg_mcp.domain.results import DeclaredState, RoleSource
from cnpg_mcp.domain.roles.listening import Listener
from cnpg_mcp.domain.roles.stores import Purpose, Written
from cnpg_mcp.domain.views.cluster import Cluster
from test.unit.served import estate

PENDING, RECONCILED = "pending-reconciliation", "reconciled"


def report(state="", *, errors=(), other=""):
    """The Cluster as the operator reports it, with the role in a state."""
    by_status = {state: ["clerk"]} if state else {}
    status = {"byStatus": by_status, "cannotReconcile": {"clerk": [*errors]} if errors else {}}
    return {"metadata": {"name": "db"}, "status": {"phase": other, "managedRolesStatus": status}}


class Reporting:
    """Tells reports look by look; an empty look is a quiet one."""

    def __init__(self, *looks):
        self._looks = [list(look) for look in looks]
        self._version, self.touches = 0, 0

    async def history(self, *_, **__):
        return [self._numbered(each) for each in (self._looks.pop(0) if self._looks else [])]

    async def patch(self, *_, **__):
        self.touches += 1

        class Touched:
            object = self._numbered(report())

        return Touched

    async def get(self, *_, **__):
        return self._numbered(self._last)

    def _numbered(self, body):
        self._version += 1
        self._last = body
        return {**body, "metadata": {"name": "db", "resourceVersion": str(self._version)}}


async def heard(before, *looks, purpose=Purpose.DECLARED, asked_before=False, secret=None):
    """What is known in the end, and how often the Cluster was touched."""
    kube = Reporting(*looks)
    said = Cluster.parse(before).status.managed_roles_status.report_on("clerk")
    written = Written(
        "clerk",
        RoleSource.INLINE,
        "db",
        "0",
        report=said,
        asked_before=asked_before,
        secret=secret,
    )
    listener = Listener(estate(kube), "shop", "db", written, purpose)
    for _ in looks:
        sight = await listener.look()
        if sight.settled:
            break
    return sight.value, kube.touches


QUIET = ()


async def test_pending_then_reconciled_is_proven():
    seen, touches = await heard(report(), [report(PENDING)], [report(RECONCILED)])
    assert (seen.proven, touches) == (True, 0)


async def test_unrelated_report_of_the_time_before_proves_nothing():
    stale = report(RECONCILED, other="new phase")
    seen, _ = await heard(report(RECONCILED), [stale], [stale], purpose=Purpose.DROPPED)
    assert not seen.settled


async def test_stale_failure_is_no_refusal_of_this_write():
    before = report(PENDING, errors=["no such group"])
    seen, _ = await heard(before, [report(PENDING, errors=["no such group"], other="x")])
    assert not seen.settled


async def test_end_of_the_pass_before_proves_no_drop():
    """The role was being made when its drop was asked for: it is touched, and looked at again."""
    seen, touches = await heard(report(PENDING), [report(RECONCILED)], purpose=Purpose.DROPPED)
    assert (seen.settled, touches) == (False, 1)


async def test_what_stays_reconciled_after_a_touch_is_proven():
    looks = [[report(RECONCILED)], QUIET, QUIET, QUIET]
    seen, touches = await heard(report(PENDING), *looks, purpose=Purpose.DROPPED)
    assert (seen.proven, touches) == (True, 1)


async def test_role_that_the_operator_has_forgotten_is_touched_and_proven():
    stuck = [[report(PENDING)], QUIET, QUIET, QUIET, [report(RECONCILED)]]
    seen, touches = await heard(report(RECONCILED), *stuck)
    assert seen.proven
    assert touches == 1


async def test_silent_operator_proves_nothing():
    seen, touches = await heard(report(RECONCILED), *[QUIET] * 12, purpose=Purpose.DROPPED)
    assert (seen.settled, touches) == (False, 1)


@pytest.mark.parametrize("purpose", [Purpose.DECLARED, Purpose.DROPPED])
async def test_same_failure_again_is_told_after_some_quiet(purpose):
    failing = report(PENDING, errors=["still owns a table"])
    looks = [[failing], QUIET, QUIET, QUIET]
    seen, _ = await heard(failing, *looks, purpose=purpose, asked_before=True)
    assert seen.refused
    assert seen.message == "still owns a table"


NOT_LET_IN = report(PENDING, errors=["failed to get password secret clerk-1: it is forbidden"])


async def test_first_try_without_access_to_the_secret_is_repeated_and_no_refusal():
    looks = [[NOT_LET_IN], QUIET, QUIET, QUIET]
    seen, touches = await heard(report(), *looks, secret="clerk-1")
    assert (seen.settled, touches) == (False, 1)


async def test_answer_to_the_touch_is_waited_for():
    looks = [[NOT_LET_IN], QUIET, QUIET, QUIET, QUIET, [report(RECONCILED)]]
    seen, touches = await heard(report(), *looks, secret="clerk-1")
    assert (seen.refused, seen.state, touches) == (False, DeclaredState.APPLIED, 1)


async def test_access_to_the_secret_that_is_still_refused_after_a_touch_is_told():
    looks = [[NOT_LET_IN], QUIET, QUIET, QUIET, QUIET, QUIET, QUIET]
    seen, touches = await heard(report(), *looks, secret="clerk-1")
    assert (seen.refused, touches) == (True, 1)
