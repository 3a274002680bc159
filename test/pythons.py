"""Runs the unit tier on every supported Python but the one that runs this: `make test-pythons`.

Uses what is installed, on the PATH or under pyenv. A version that is missing is said, and fails
the run where REQUIRE names `pythons`.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

SUPPORTED = ("3.11", "3.12", "3.13")
ROOT = Path(__file__).parents[1]


def interpreter(version: str) -> str | None:
    """The path of an interpreter of that version that starts, if there is one."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [*map(str, sorted(pyenv.glob(f"{version}.*/bin/python"))), f"python{version}"]
    return next((path for path in candidates if _starts(path, version)), None)


def _starts(path: str, version: str) -> bool:
    if shutil.which(path) is None:
        return False
    asked = [path, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    answer = subprocess.run(asked, capture_output=True, text=True, check=False)
    return answer.returncode == 0 and answer.stdout.strip() == version


def run(version: str, python: str) -> bool:
    """The unit tier in a virtual environment of its own; whether it passed."""
    folder = ROOT / f".venv-{version}"
    environment = {**os.environ, "PYTHON": python, "VENV": str(folder)}
    subprocess.run(["make", "install"], cwd=ROOT, env=environment, check=True)
    pytest = [str(folder / "bin" / "python"), "-m", "pytest", "-q", "test/unit"]
    return subprocess.run(pytest, cwd=ROOT, check=False).returncode == 0


def main() -> int:
    """Exit status 0 when every version that could be run passed."""
    required = "pythons" in os.environ.get("REQUIRE", "").split(",")
    failed = False
    for version in SUPPORTED:
        if version == f"{sys.version_info.major}.{sys.version_info.minor}":
            continue
        python = interpreter(version)
        if python is None:
            print(f"Python {version}: skipped, it is not installed")
            failed |= required
        else:
            print(f"Python {version}: {python}")
            failed |= not run(version, python)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
