"""Findings, the report of them, and how it is told."""

import json
from collections.abc import AsyncIterator

from cnpg_mcp.doctor.examination import Skip, Stop, examine
from cnpg_mcp.doctor.findings import Finding, Kind, Report, Severity, passed, quoted
from cnpg_mcp.doctor.probe import Failed, Throttled, Unanswered
from cnpg_mcp.doctor.telling import as_json, as_text

BAD = Kind("bad", Severity.ERROR, "Everything.", "Buy another one.")
POOR = Kind("poor", Severity.WARNING, "Little.", "Wait.")


def reported(*findings: Finding) -> Report:
    """A report of these findings."""
    report = Report()
    for finding in findings:
        report.add(finding)
    return report


def test_same_fault_in_two_places_is_one_finding() -> None:
    report = reported(BAD.found("Here."), BAD.found("There."), BAD.found("Here."))
    assert [each.seen for each in report.findings] == ["Here. There."]


def test_exit_status_is_one_with_errors_alone() -> None:
    assert reported(POOR.found("Here."), passed("check", "Right.")).exit_status == 0
    assert reported(BAD.found("Here.")).exit_status == 1


def test_text_tells_the_worst_first_and_explains_it() -> None:
    text = as_text({"outside": reported(passed("check", "Right."), BAD.found("Here."))}, [])
    assert text.splitlines() == [
        "outside",
        "",
        "error   bad: Here.",
        "        Breaks: Everything.",
        "        Repair: Buy another one.",
        "ok      check: Right.",
        "",
        "1 error, no warnings, 1 right.",
        "",
        "Nothing was changed.",
    ]


def test_json_tells_everything() -> None:
    reports = {"outside https://mcp.example": reported(BAD.found("Here."))}
    document = json.loads(as_json(reports, ["registered"], "https://mcp.example"))
    assert document["findings"] == [
        {
            "side": "outside",
            "code": "bad",
            "severity": "error",
            "seen": "Here.",
            "breaks": "Everything.",
            "repair": "Buy another one.",
        }
    ]
    assert document["totals"] == {"error": 1, "warning": 0, "info": 0, "ok": 0}
    assert document["changed"] == ["registered"]


def test_text_of_strangers_is_cut_and_on_one_line() -> None:
    assert quoted('a"\n\x1b[31m\u202e') == '"a\\"\\n\\u001b[31m\\u202e"'
    assert len(quoted("x" * 1000)) < 220


async def _right(_: None) -> AsyncIterator[Finding]:
    yield passed("right", "Right.")


async def _raise(error: Exception) -> Report:
    async def check(_: None) -> AsyncIterator[Finding]:
        yield passed("check", "So far.")
        raise error

    return await examine([check, _right], None)


async def test_check_that_does_not_come_to_its_end_is_told_and_the_others_go_on() -> None:
    told = {
        "no-answer": Unanswered("Nothing."),
        "throttled": Throttled("429."),
        "server-failed": Failed("500.", is_away=False),
        "unavailable": Failed("503.", is_away=True),
        "not-checked": Skip("Nothing there."),
    }
    for code, error in told.items():
        report = await _raise(error)
        assert [each.code for each in report.findings] == ["check", code, "right"]


async def test_what_a_stop_leaves_out_is_named() -> None:
    report = await _raise(Stop("Nobody is there."))
    assert [each.code for each in report.findings] == ["check", "not-checked"]
    assert "-right" in report.findings[1].seen
