"""`test-mcp.py` in tests: the server it starts itself, as a user of a control plane."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from test.tools.tests.programs import CHECK_PROGRAM, ROOT, Ran, Running, run

Shown = dict[str, Any]
ALTERED = """
import sys
sys.path.insert(0, {sources!r})
import cnpg_tools
{change}
import cnpg_mcp_server
cnpg_mcp_server.main()
"""


def check(*arguments: str, environment: Mapping[str, str] | None = None) -> Ran:
    """The program, run to its end."""
    return run(CHECK_PROGRAM, *arguments, environment=environment or {})


def started(*arguments: str, environment: Mapping[str, str] | None = None) -> Running:
    """The program, started."""
    return Running(CHECK_PROGRAM, *arguments, environment=environment or {})


def shown(ran: Ran) -> Shown:
    """What it says as JSON; its exit status is the same as in there."""
    found: Shown = json.loads(ran.out)
    assert found["exit_status"] == ran.status
    return found


def states(found: Shown) -> dict[str, str]:
    """How each check ended."""
    return {each["name"]: each["state"] for each in found["checks"]}


def reason(found: Shown, name: str) -> str:
    """Why a check did not pass."""
    (told,) = [each["reason"] for each in found["checks"] if each["name"] == name]
    assert told
    return str(told)


def altered_server(folder: Path, change: str) -> str:
    """The command of a main server that is changed by a line of Python before it starts."""
    script = folder / "altered.py"
    script.write_text(ALTERED.format(sources=str(ROOT / "src"), change=change))
    return f"{sys.executable} {script}"
