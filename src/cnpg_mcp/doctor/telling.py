"""Telling what was found: compact text for people, complete JSON for programs."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

import cnpg_mcp
from cnpg_mcp.doctor.findings import Finding, Report, Severity

_WORST_FIRST = (Severity.ERROR, Severity.WARNING, Severity.INFO, Severity.OK)
_EXPLAINED = {Severity.ERROR, Severity.WARNING}

Reports = Mapping[str, Report]
"""By the side from which was looked, `outside` and `inside`, with the address in words."""


def as_text(reports: Reports, changed: Sequence[str]) -> str:
    """Worst first; what is right in one line each."""
    lines: list[str] = []
    for title, report in reports.items():
        lines += [title, ""]
        for severity in _WORST_FIRST:
            for finding in report.of(severity):
                lines += _lines(finding)
        lines += ["", _sum(report), ""]
    lines.append(f"Left behind: {'; '.join(changed)}." if changed else "Nothing was changed.")
    return "\n".join(lines) + "\n"


def as_json(reports: Reports, changed: Sequence[str], url: str | None) -> str:
    """Everything."""
    found = [
        {"side": side.split(" ", 1)[0], **asdict(finding)}
        for side, report in reports.items()
        for finding in report.findings
    ]
    totals = {
        severity: sum(each["severity"] == severity for each in found) for severity in _WORST_FIRST
    }
    document = {
        "version": cnpg_mcp.__version__,
        "url": url,
        "findings": found,
        "totals": totals,
        "changed": list(changed),
    }
    return json.dumps(document, indent=2) + "\n"


def _lines(finding: Finding) -> Iterator[str]:
    yield f"{finding.severity:<8}{finding.code}: {finding.seen}"
    if finding.severity in _EXPLAINED:
        yield f"        Breaks: {finding.breaks}"
        yield f"        Repair: {finding.repair}"


def _sum(report: Report) -> str:
    errors, warnings = len(report.of(Severity.ERROR)), len(report.of(Severity.WARNING))
    right = len(report.of(Severity.OK))
    return f"{_counted(errors, 'error')}, {_counted(warnings, 'warning')}, {right} right."


def _counted(count: int, what: str) -> str:
    return f"{count or 'no'} {what}{'' if count == 1 else 's'}"
