"""The npm packages of ``package-lock.json``, installed once outside the repository.

They go into the cache (``CNPG_MCP_CACHE``, default ``$XDG_CACHE_HOME/cnpg-mcp`` or
``~/.cache/cnpg-mcp``), in a folder of the lock file's own, without running install scripts. Node
itself is one of the packages, because some of the programs need a newer one than machines have.
``python -m test.node.modules`` installs and prints where everything is.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from test.cache import cache_folder, locked, say
from test.tiers import cannot_run

TIER = "clients"
HERE = Path(__file__).parent
FILES = ("package.json", "package-lock.json", ".npmrc")
ARCH = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
INSTALL_SECONDS = 600


class Unavailable(RuntimeError):
    """The packages cannot be installed on this machine; the text says what would change that."""


@dataclass(frozen=True)
class Installed:
    """Where the Node program and the folder ``node_modules`` are."""

    node: Path
    modules: Path

    def program(self, script: str, *arguments: str) -> list[str]:
        """The command that runs a script of a package, such as ``oidc-provider/lib/index.js``."""
        return [str(self.node), str(self.modules / script), *arguments]

    def script(self, path: Path, *arguments: str) -> list[str]:
        """The command that runs a script of ours, which may import the packages by name."""
        return [str(self.node), "--import", str(HERE / "resolve.mjs"), str(path), *arguments]


def node_modules(tier: str = TIER) -> Installed:
    """The installed packages; skips where that cannot be, and fails where REQUIRE names the tier.

    The first call may take a minute: ``test.node.fixtures`` makes it before the first test.
    """
    try:
        return install()
    except Unavailable as reason:
        cannot_run(tier, f"no packages from npm: {reason}")


def install() -> Installed:
    """Installs what the lock file names unless that has been done.

    Raises:
        Unavailable: npm or a Node for this machine is missing, or npm failed.
    """
    folder = cache_folder() / "node" / f"{_fingerprint()}-{ARCH}"
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with locked(folder.with_name(f".{folder.name}.lock")):
            if not folder.exists():
                _install_to(folder)
    modules = folder / "node_modules"
    return Installed(_node(modules), modules)


def _install_to(folder: Path) -> None:
    """Installs beside the target and renames, so that no half-made folder is ever found."""
    npm = shutil.which("npm")
    if npm is None:
        raise Unavailable("install npm (it comes with Node)")
    say(f"installing the tests' npm packages, once, into {folder}")
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".partial-") as scratch:
        partial = Path(scratch) / "made"
        partial.mkdir()
        for name in FILES:
            shutil.copy(HERE / name, partial / name)
        _npm_ci(npm, partial)
        partial.rename(folder)


def _npm_ci(npm: str, folder: Path) -> None:
    command = [npm, "ci", "--ignore-scripts", "--loglevel=error"]
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=INSTALL_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{' '.join(command)}: {error}") from error
    if done.returncode:
        raise Unavailable(f"{' '.join(command)} failed:\n{done.stdout[-500:]}{done.stderr[-2000:]}")


def _node(modules: Path) -> Path:
    node = modules / f"node-{platform.system().lower()}-{ARCH}" / "bin/node"
    if not os.access(node, os.X_OK):
        raise Unavailable(f"package.json names no Node for {platform.system()} on {ARCH}")
    return node


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for name in FILES:
        digest.update((HERE / name).read_bytes())
    return digest.hexdigest()[:16]


def main() -> int:
    """Installs and prints where everything is."""
    try:
        found = install()
    except Unavailable as reason:
        say(f"unavailable: {reason}")
        return 1
    print(f"node\t{found.node}\nmodules\t{found.modules}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
