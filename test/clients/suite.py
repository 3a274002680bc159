"""Runs the official conformance suite: `@modelcontextprotocol/conformance`."""

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from test.node.modules import Installed

HERE = Path(__file__).parent
SUITE = "@modelcontextprotocol/conformance/dist/index.js"
REVISIONS = ("2025-11-25", "2026-07-28")
SECONDS = 240
UNTROUBLED = {"SUCCESS", "INFO", "SKIPPED"}
_RED = re.compile(r"✗ (\S+)")


@dataclass(frozen=True)
class Outcome:
    """What the suite says.

    `troubles` are the checks of the scenarios that it complains of; `passed` counts green checks.
    """

    status: int
    report: str
    troubles: str
    passed: int


def try_server(
    node: Installed,
    url: str,
    revision: str,
    *,
    expected: str,
    results: Path,
    token: str,
) -> Outcome:
    """Every server scenario of a revision of the protocol.

    Args:
        node: the installed packages.
        url: the MCP endpoint.
        revision: one of `REVISIONS`.
        expected: file of expected failures, beside this one.
        results: where the suite writes what it saw.
        token: what every request carries.
    """
    command = node.program(
        SUITE, "server", "--url", url, "--suite", "all", "--spec-version", revision,
        "--expected-failures", str(HERE / expected), "-o", str(results),
    )  # fmt: skip
    command[1:1] = ["--import", str(HERE / "bearer.mjs")]
    done = subprocess.run(
        command,
        env={**os.environ, "BEARER_TOKEN": token, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    verdict = (done.stdout + done.stderr).partition("\nTotal: ")[2]
    return outcome(done.returncode, verdict or done.stderr, results)


def outcome(status: int, report: str, results: Path) -> Outcome:
    """The outcome by the suite's report and by what it has written."""
    checks = list(_checks(results))
    named = [name.partition(":")[0] for name in _RED.findall(report)]
    troubles = [
        f"{folder}:{check['id']}: {check.get('errorMessage', check['status'])}"
        for folder, check in checks
        if check["status"] not in UNTROUBLED and any(name in folder for name in named)
    ]
    passed = sum(check["status"] == "SUCCESS" for _, check in checks)
    return Outcome(status, report, "\n".join(troubles), passed)


def _checks(results: Path) -> Iterator[tuple[str, Mapping[str, str]]]:
    for file in sorted(results.glob("*/checks.json")):
        for check in json.loads(file.read_text()):
            yield file.parent.name, check
