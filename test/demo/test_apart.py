"""What runs in production knows nothing of the demo."""

import subprocess
import sys

from test.e2e.desk import ROOT

LOADED = """
import sys
import cnpg_mcp_server, cnpg_mcp_test_server, cnpg_tools
import cnpg_mcp.serving.http, cnpg_mcp.serving.run, cnpg_mcp.auth.door, cnpg_mcp.doctor.main
print([name for name in sys.modules if name.startswith("cnpg_mcp.demo")])
"""


def test_servers_and_doctor_load_nothing_of_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED], cwd=ROOT / "src", capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_servers_are_built_without_it() -> None:
    assert "src/cnpg_mcp/demo" in (ROOT / ".dockerignore").read_text().splitlines()
