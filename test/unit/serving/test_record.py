"""What is written of the door: every sign-in, and of refused tokens as many as a log can bear."""

import json
from pathlib import Path
from typing import Any

import pytest

from cnpg_mcp.auth.events import AuthEvent, Door
from cnpg_mcp.serving import limits
from cnpg_mcp.serving.metrics import Metrics
from cnpg_mcp.serving.record import door_record
from cnpg_mcp.settings import Settings

ALLOWED = 30


def _refusal(address: str | None = "192.0.2.1") -> AuthEvent:
    return AuthEvent(Door.CALL, "invalid_token", {"address": address, "reason": "made up"})


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """The audit log."""
    return tmp_path / "audit.jsonl"


def test_refused_tokens_of_an_address_are_thirty_lines_a_minute(log: Path) -> None:
    tell = door_record(Settings(audit_log=log), Metrics(()))
    for _ in range(200):
        tell(_refusal())
    assert len(_lines(log)) == ALLOWED


def test_other_addresses_have_lines_of_their_own(log: Path) -> None:
    tell = door_record(Settings(audit_log=log), Metrics(()))
    for _ in range(ALLOWED + 1):
        tell(_refusal())
    tell(_refusal("192.0.2.2"))
    tell(_refusal(None))
    assert [line["address"] for line in _lines(log)[ALLOWED:]] == ["192.0.2.2", None]


@pytest.mark.parametrize("door", [Door.SIGN_IN, Door.REFRESH, Door.REVOKE])
def test_sign_ins_are_all_written_and_counted(log: Path, door: Door) -> None:
    metrics = Metrics(())
    tell = door_record(Settings(audit_log=log), metrics)
    for _ in range(ALLOWED + 10):
        tell(_refusal())
        tell(AuthEvent(door, "ok", {"address": "192.0.2.1"}))
    written = [line for line in _lines(log) if line["outcome"] == "ok"]
    assert len(written) == ALLOWED + 10
    assert f" {ALLOWED + 10}.0\n".encode() in metrics.exposition()


def test_lines_come_again_in_the_next_minute(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    made = limits.Budget(lambda: now[0])
    monkeypatch.setattr("cnpg_mcp.serving.record.Budget", lambda: made)
    tell = door_record(Settings(audit_log=log), Metrics(()))
    for _ in range(ALLOWED + 1):
        tell(_refusal())
    now[0] += 60
    tell(_refusal())
    assert len(_lines(log)) == ALLOWED + 1


def test_log_that_cannot_be_written_keeps_nobody_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    tell = door_record(Settings(audit_log=tmp_path / "file" / "audit.jsonl"), Metrics(()))
    tell(AuthEvent(Door.SIGN_IN, "ok", {}))
    assert "audit log cannot be written" in caplog.text
