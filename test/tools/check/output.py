"""The result for people, line by line, and for programs, as JSON."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from test.tools.check.options import Options
from test.tools.check.registry import Check, Result, State
from test.tools.check.runner import Report
from test.tools.speech import Speech

_WORDS = {State.PASSED: "passed", State.FAILED: "FAILED", State.SKIPPED: "skipped"}
_WIDTH = 24


def tell_list(speech: Speech, checks: Iterable[Check], *, as_json: bool) -> None:
    """The checks that there are."""
    if as_json:
        shown = [
            {"name": each.name, "about": each.about, "needs": each.needs, "writes": each.writes}
            for each in checks
        ]
        speech.say(json.dumps(shown, indent=2))
        return
    for each in checks:
        speech.say(f"{each.name:{_WIDTH}} {each.about}{' (--write)' if each.writes else ''}")


def tell_result(speech: Speech, result: Result) -> None:
    """One line."""
    line = f"{_WORDS[result.state]:7}  {result.name:{_WIDTH}} {result.seconds:6.2f} s"
    speech.say(f"{line}  {result.reason}" if result.reason else line)


def tell_end(speech: Speech, report: Report) -> None:
    """The count."""
    counts = ", ".join(f"{report.count(state)} {state}" for state in State)
    left_out = f"; {report.left_out} that write were left out (--write)" if report.left_out else ""
    speech.say(f"{'stopped: ' if report.stopped else ''}{counts}{left_out}")


def tell_json(speech: Speech, options: Options, report: Report, status: int) -> None:
    """All of it, as one JSON object."""
    shown: dict[str, Any] = {
        "server": {
            "transport": "http" if options.is_http else "stdio",
            "url": options.url or None,
            **report.server,
        },
        "checks": [{**asdict(each), "seconds": round(each.seconds, 3)} for each in report.results],
        "counts": {str(state): report.count(state) for state in State},
        "left_out": report.left_out,
        "stopped": report.stopped,
        "exit_status": status,
    }
    speech.say(json.dumps(shown, indent=2, ensure_ascii=False))
