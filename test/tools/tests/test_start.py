"""Starting a program with whatever Python is there."""

import shutil
import subprocess
import sys
from pathlib import Path

from test.tools.tests.programs import CHECK_PROGRAM, ROOT, TOKEN_PROGRAM


def test_project_without_its_libraries_says_what_to_run(tmp_path: Path) -> None:
    (tmp_path / "test/tools").mkdir(parents=True)
    for name in ("test/__init__.py", "test/tools/__init__.py", "test/tools/start.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    copied = shutil.copy(TOKEN_PROGRAM, tmp_path / "test")
    ran = subprocess.run(
        [sys.executable, "-S", copied], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 2
    assert "make install" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_programs_are_executable_and_name_python() -> None:
    for program in (TOKEN_PROGRAM, CHECK_PROGRAM):
        assert program.read_text().startswith("#!/usr/bin/env python3\n")
        assert program.stat().st_mode & 0o111 == 0o111
