"""Starting a program of this folder; needs nothing but Python, and no particular version of it."""

import importlib
import importlib.util
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV_PYTHON = ROOT / ".venv" / "bin" / "python"
NEEDS = (3, 11)
USAGE = 2


def run(module: str, needs: "tuple[str, ...]") -> None:
    """Ends the process with what `main` of a module returns.

    Where this Python is too old or lacks a library, the project's own takes over.

    Args:
        module: the module whose `main` is the program.
        needs: libraries without which it cannot start.
    """
    sys.path[:0] = [str(ROOT / "src")]
    if sys.version_info < NEEDS or not all(map(importlib.util.find_spec, needs)):
        _take_over()
    sys.exit(importlib.import_module(module).main())


def _take_over() -> None:
    if VENV_PYTHON.exists() and Path(sys.prefix) != VENV_PYTHON.parents[1]:
        os.execv(str(VENV_PYTHON), [str(VENV_PYTHON), *sys.argv])  # noqa: S606 - no shell
    name = os.path.basename(sys.argv[0])  # noqa: PTH119 - this file runs on every Python
    sys.stderr.write("error: the project's libraries are not installed. Next: run `make install` ")
    sys.stderr.write("in {}, then .venv/bin/python test/{}\n".format(ROOT, name))  # noqa: UP032
    sys.exit(USAGE)
