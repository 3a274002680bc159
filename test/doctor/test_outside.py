"""From outside: a healthy server has no fault, and each planted one is found, alone."""

import pytest

from cnpg_mcp.doctor.findings import Report, Severity
from cnpg_mcp.doctor.outside.checks import CHECKS
from cnpg_mcp.doctor.probe import MAX_BODY
from test.doctor.conftest import look
from test.doctor.faults import FAULTS, NOTED
from test.doctor.planted import SERVER, Planted
from test.doctor.served import Way


def faults(report: Report) -> list[str]:
    """The codes of what is wrong."""
    return [each.code for each in report.of(Severity.ERROR, Severity.WARNING)]


def notes(report: Report) -> list[str]:
    """The codes of what is only told."""
    return [each.code for each in report.of(Severity.INFO)]


async def test_healthy_server_has_no_fault(planted: Planted, way: Way) -> None:
    report, _ = await look(way)
    assert faults(report) == notes(report) == []
    assert len(report.of(Severity.OK)) == len(CHECKS)


@pytest.mark.parametrize("name", FAULTS)
async def test_fault_is_found_alone(planted: Planted, way: Way, name: str) -> None:
    fault, code = FAULTS[name]
    fault(planted)
    report, _ = await look(way, hung=planted.hung)
    assert faults(report) == [code]


@pytest.mark.parametrize("name", NOTED)
async def test_note_is_no_fault(planted: Planted, way: Way, name: str) -> None:
    fault, code = NOTED[name]
    fault(planted)
    report, _ = await look(way)
    assert faults(report) == []
    assert code in notes(report)


async def test_visit_leaves_two_clients_behind_and_says_so(planted: Planted, way: Way) -> None:
    _, visit = await look(way)
    assert len(planted.clients) == 2
    assert [each.startswith("a client") for each in visit.changed] == [True, True, False]


async def test_server_is_asked_nothing_elsewhere(planted: Planted, way: Way) -> None:
    planted.believe("https://metadata.internal")
    report, _ = await look(way)
    (finding,) = report.of(Severity.ERROR)
    assert "metadata.internal" in finding.seen
    assert planted.hosts == {"mcp.example"}


async def test_text_of_the_server_cannot_look_like_ours(planted: Planted, way: Way) -> None:
    planted.server["issuer"] = "https://mcp.example/\n error \x1b[31m" + "x" * 5000
    report, _ = await look(way)
    (finding,) = report.of(Severity.ERROR)
    assert finding.seen.isprintable()
    assert len(finding.seen) < 500


async def test_no_more_of_an_answer_is_read_than_a_document_has(planted: Planted, way: Way) -> None:
    planted.pad(SERVER, MAX_BODY)
    report, _ = await look(way)
    assert faults(report) == ["document-not-json"]
