#!/usr/bin/env python3
"""Checks a running server through MCP, as a client sees it: --help says how."""

# ruff: noqa: E402, N999 - the path comes before the import; the name is the command
import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])

from test.tools.start import run

if __name__ == "__main__":
    run("test.tools.check.main", needs=("fastmcp",))
