"""Rules about what protects the data: WAL archive, backups, certificates."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from cnpg_mcp.domain.quoting import named, quoted
from cnpg_mcp.domain.status.assessment import Finding, critical, info, warning
from cnpg_mcp.domain.status.codes import FindingCode
from cnpg_mcp.domain.status.situation import SETTLING, Situation
from cnpg_mcp.domain.status.wording import listed
from cnpg_mcp.domain.views.dependents import Backup

RENEWAL = timedelta(days=7)
"""The operator renews its certificates this long before they expire."""

RENEWAL_SLACK = timedelta(hours=12)
TEXT_LIMIT = 120
UNSTARTED = timedelta(minutes=30)
_DONE, _FAILED = "completed", "failed"


def archiving(situation: Situation) -> Iterator[Finding]:
    """WAL archiving fails. A working condition says nothing unless an archive is configured."""
    condition = situation.cluster.condition("ContinuousArchiving")
    if condition is None or condition.status != "False" or not situation.cluster.archives_wal:
        return
    if situation.within(situation.status.current_primary_timestamp, SETTLING):
        return
    yield warning(
        FindingCode.ARCHIVING_FAILING,
        f"WAL archiving fails: {quoted(condition.message, TEXT_LIMIT)}. Meanwhile WAL piles up "
        "until the volume is full, and what is written since cannot be restored.",
        "The object store, its credentials, or the tool that writes to it.",
        f"Read the log of {_primary_pod(situation)}, then correct {_archive(situation)}.",
    )


def _archive(situation: Situation) -> str:
    if situation.spec.backup.barman_object_store is None:
        return "the object store that spec.plugins names, or the Secret with its credentials"
    return (
        "spec.backup.barmanObjectStore or the Secret with its credentials; better, move to the "
        "Barman Cloud plugin"
    )


def _primary_pod(situation: Situation) -> str:
    name = situation.status.current_primary
    return f"pod {named(name)}" if name else "the primary's pod"


def backups(situation: Situation) -> Iterator[Finding]:
    """The newest backup that came to an end failed, or one never starts."""
    newest = _newest_ended(situation)
    condition = situation.cluster.condition("LastBackupSucceeded")
    if newest is not None and newest.status.phase == _FAILED:
        yield _backup_failing(situation, f"Backup {newest.name} failed", newest.status.error)
    elif newest is None and condition is not None and condition.reason == "LastBackupFailed":
        yield _backup_failing(situation, "The last backup failed", condition.message)
    for one in situation.evidence.backups or ():
        unstarted = one.status.phase not in {_DONE, _FAILED} and one.status.started_at is None
        if unstarted and situation.past(one.metadata.creation_timestamp, UNSTARTED):
            yield _backup_failing(situation, f"Backup {one.name} does not start", one.status.error)


def _newest_ended(situation: Situation) -> Backup | None:
    ended = [
        one for one in situation.evidence.backups or () if one.status.phase in {_DONE, _FAILED}
    ]
    return max(ended, key=lambda one: str(one.metadata.creation_timestamp), default=None)


def _backup_failing(situation: Situation, what: str, error: str) -> Finding:
    log = f"Read the logs of {_primary_pod(situation)} and of the operator"
    return warning(
        FindingCode.BACKUP_FAILING,
        f"{what}{': ' + quoted(error, TEXT_LIMIT) if error else ''}.",
        "The object store, its credentials, the plugin or the snapshot class.",
        f"{'Repair what the error names' if error else log}, then create a new Backup.",
    )


def backup_plan(situation: Situation) -> Iterator[Finding]:
    """No backup is configured, or none will be taken."""
    schedules = situation.evidence.scheduled_backups
    if not situation.cluster.backs_up:
        yield info(
            FindingCode.NO_BACKUP,
            "No backup is configured (the condition ContinuousArchiving means nothing then).",
            next_step="For production add a WAL archive and a ScheduledBackup.",
        )
    elif schedules is not None and not schedules and situation.evidence.backups == ():
        yield info(
            FindingCode.NO_BASE_BACKUP,
            "Backups are configured, and there is neither a Backup nor a ScheduledBackup: nothing "
            "can be restored without a base backup.",
            next_step="Create a ScheduledBackup.",
        )
    for one in schedules or ():
        if one.spec.suspend:
            yield info(
                FindingCode.SCHEDULED_BACKUP_SUSPENDED,
                f"ScheduledBackup {one.name} is suspended.",
                next_step="Set its spec.suspend to false to resume it.",
            )


def go_time(text: str) -> datetime | None:
    """A time as Go prints it, such as `2026-11-20 10:00:00 +0000 UTC`; `None` for anything else."""
    try:
        return datetime.fromisoformat(text[:19]).replace(tzinfo=UTC)
    except ValueError:
        return None


def certificates(situation: Situation) -> Iterator[Finding]:
    """Certificates that expired, or should have been renewed by now."""
    now, near, gone = situation.now, [], []
    for secret, text in sorted(situation.status.certificates.expirations.items()):
        expires = go_time(text)
        if expires is None:
            continue
        if expires <= now:
            gone.append(secret)
        elif expires - now < RENEWAL - RENEWAL_SLACK:
            near.append((expires - now, secret))
    if gone:
        yield critical(
            FindingCode.CERTIFICATES_EXPIRED,
            f"Certificates expired: {listed(gone)}. Replication and verified TLS fail.",
            *_renewal(situation, gone),
        )
    if near:
        names = [secret for _, secret in near]
        days = min(near)[0] / timedelta(days=1)
        yield warning(
            FindingCode.CERTIFICATES_EXPIRING,
            f"Certificates expire in {days:.1f} days: {listed(names)}.",
            *_renewal(situation, names),
        )


def _renewal(situation: Situation, secrets: list[str]) -> tuple[str, str]:
    if set(secrets) <= situation.spec.certificates.supplied:
        return "They are supplied by the user; the operator does not renew them.", (
            "Renew them and update these Secrets."
        )
    return f"The operator renews its own {RENEWAL.days} days ahead and did not.", (
        "Check that the operator runs and its log for certificate errors; renew user-supplied "
        "certificates by hand."
    )


RULES = (archiving, backups, backup_plan, certificates)
