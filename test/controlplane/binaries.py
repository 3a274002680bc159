"""The programs of the control plane: found where the environment says, else built with Go once.

Looked for in this order:

1. ``KUBEBUILDER_ASSETS`` (a folder with ``etcd`` and ``kube-apiserver``) and
   ``CNPG_OPERATOR_BINARY`` (the operator's ``manager``; the pinned version only),
2. the cache: ``CNPG_MCP_CACHE``, default ``$XDG_CACHE_HOME/cnpg-mcp`` or ``~/.cache/cnpg-mcp``,
3. a build from Go modules into that cache (about six minutes on two cores, once).

The operator's CRDs are read from its Go module (``CNPG_CRDS`` names another folder); they are
never copied into this repository. ``python -m test.controlplane.binaries`` builds what is missing
and prints where everything is.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from test.cache import cache_folder, locked, say

ETCD_VERSION = "v3.7.3"
KUBERNETES_VERSION = "v1.36.3"
CNPG_VERSION = "1.30.0"
CNPG_VERSION_WITHOUT_DATABASEROLE = "1.29.1"
"""An operator from before the DatabaseRole kind, whose sum the Go checksum database knows."""

CNPG_MODULE = "github.com/cloudnative-pg/cloudnative-pg"
ARCH = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
USUAL_GO_FOLDER = "/usr/local/go/bin"
STRIP = "-s -w"
Build = Callable[[Path], None]
"""Writes one program to the given path."""


class Unavailable(RuntimeError):
    """The control plane cannot run on this machine; the text says what would change that."""


@dataclass(frozen=True)
class Binaries:
    """Where the programs and the operator's CRDs are."""

    etcd: Path
    apiserver: Path
    operator: Path
    crds: Path
    cnpg_version: str


def find(cnpg_version: str = CNPG_VERSION) -> Binaries:
    """Finds every program, building what is missing.

    Raises:
        Unavailable: something is missing and cannot be built here.
    """
    if platform.system() != "Linux":
        raise Unavailable(
            "the control plane needs Linux: simulated pods listen on addresses of 127.0.0.0/8"
        )
    return Binaries(
        etcd=_provided("etcd") or built(f"etcd-{ETCD_VERSION}", _build_etcd),
        apiserver=_provided("kube-apiserver")
        or built(f"kube-apiserver-{KUBERNETES_VERSION}", _build_apiserver),
        operator=_provided_operator(cnpg_version)
        or built(f"cnpg-{cnpg_version}", lambda out: _build_operator(cnpg_version, out)),
        crds=_crds(cnpg_version),
        cnpg_version=cnpg_version,
    )


def _provided(name: str) -> Path | None:
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    if not assets:
        return None
    path = Path(assets) / name
    return path if os.access(path, os.X_OK) else None


def _provided_operator(version: str) -> Path | None:
    chosen = os.environ.get("CNPG_OPERATOR_BINARY")
    if not chosen or version != CNPG_VERSION:
        return None
    if not os.access(chosen, os.X_OK):
        raise Unavailable(f"CNPG_OPERATOR_BINARY={chosen} is not an executable file")
    return Path(chosen)


def _crds(version: str) -> Path:
    chosen = os.environ.get("CNPG_CRDS")
    folder = (
        Path(chosen)
        if chosen and version == CNPG_VERSION
        else _module_directory(f"{CNPG_MODULE}@v{version}") / "config/crd/bases"
    )
    if not any(folder.glob("*.yaml")):
        raise Unavailable(f"no CRD files in {folder}; set CNPG_CRDS to the operator's CRD folder")
    return folder


# --- building ---


def built(name: str, build: Build) -> Path:
    """The program of that name in the cache; `build` writes it when it is not there yet.

    Raises:
        Unavailable: it cannot be built here.
    """
    folder = cache_folder() / f"bin-{ARCH}"
    target = folder / name
    if target.exists():
        return target
    _go_command()
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / f".{name}.lock"):
        if not target.exists():
            _build_to(target, build)
    return target


def _build_to(target: Path, build: Build) -> None:
    """Builds beside the target and renames, so that no half-written program is ever found."""
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    say(f"building {target.name} with Go, once, into {target.parent}")
    start = time.monotonic()
    try:
        build(partial)
        partial.rename(target)
    finally:
        partial.unlink(missing_ok=True)
    say(f"built {target.name} in {time.monotonic() - start:.0f} s")


def _build_etcd(out: Path) -> None:
    package = "go.etcd.io/etcd/server/v3"
    main = (
        f'package main\n\nimport (\n\t"os"\n\n\t"{package}/etcdmain"\n)\n\n'
        "func main() { etcdmain.Main(os.Args) }\n"
    )
    module = go_module("etcd", f"require {package} {ETCD_VERSION}", main=main)
    go_build(module, out, ".", STRIP)


def _build_apiserver(out: Path) -> None:
    release = KUBERNETES_VERSION.replace("v1.", "v0.")
    requires = [f"require k8s.io/kubernetes {KUBERNETES_VERSION}"]
    # k8s.io/kubernetes asks for its staging modules at v0.0.0: each is replaced by the released one
    requires += [f"replace {name} => {name} {release}" for name in _staging_modules()]
    package = "k8s.io/kubernetes/cmd/kube-apiserver"
    module = go_module("k8s", "\n".join(requires), package=package)
    version = "k8s.io/component-base/version"
    minor = KUBERNETES_VERSION.split(".")[1]
    flags = (
        f"{STRIP} -X {version}.gitVersion={KUBERNETES_VERSION} -X {version}.gitMajor=1"
        f" -X {version}.gitMinor={minor} -X {version}.gitTreeState=clean"
    )
    go_build(module, out, package, flags)


def _staging_modules() -> Iterator[str]:
    text = Path(_download(f"k8s.io/kubernetes@{KUBERNETES_VERSION}")["GoMod"]).read_text()
    for line in text.splitlines():
        words = line.split()
        if len(words) >= 2 and words[0].startswith("k8s.io/") and words[1] == "v0.0.0":
            yield words[0]


def _build_operator(version: str, out: Path) -> None:
    package = f"{CNPG_MODULE}/cmd/manager"
    _download(f"{CNPG_MODULE}@v{version}")  # tidy would drop a requirement it cannot fetch
    module = go_module(f"cnpg-{version}", f"require {CNPG_MODULE} v{version}", package=package)
    flags = f"{STRIP} -X {CNPG_MODULE}/pkg/versions.buildVersion={version}"
    go_build(module, out, package, flags)


def go_module(name: str, requires: str, *, package: str = "", main: str = "") -> Path:
    """Makes a Go module that requires what is to be built, with its sums."""
    folder = cache_folder() / "modules" / name
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / "go.sum").exists() and (folder / ".tidy").exists():
        return folder
    (folder / "go.sum").unlink(missing_ok=True)
    (folder / "go.mod").write_text(f"module cnpgmcp.test/{name}\n\ngo 1.26.0\n\n{requires}\n")
    if main:
        (folder / "main.go").write_text(main)
    else:
        tools = f'//go:build tools\n\npackage tools\n\nimport _ "{package}"\n'
        (folder / "tools.go").write_text(tools)
    _go("mod", "tidy", "-e", cwd=folder)
    (folder / ".tidy").touch()
    return folder


def _module_directory(module: str) -> Path:
    known = _go_module_cache() / module
    return known if known.is_dir() else Path(_download(module)["Dir"])


def _go_module_cache() -> Path:
    chosen = os.environ.get("GOMODCACHE")
    if chosen:
        return Path(chosen)
    gopath = os.environ.get("GOPATH", "").split(os.pathsep)[0]
    return (Path(gopath) if gopath else Path.home() / "go") / "pkg/mod"


def _download(module: str) -> dict[str, str]:
    found: dict[str, str] = json.loads(_go("mod", "download", "-json", module, cwd=Path("/")))
    return found


def go_build(module: Path, out: Path, package: str, ldflags: str) -> None:
    """Builds a package as the module pins it."""
    _go("build", "-trimpath", "-ldflags", ldflags, "-o", str(out), package, cwd=module)


def _go(*arguments: str, cwd: Path) -> str:
    environment = {
        **os.environ,
        "GOTOOLCHAIN": "local",
        "GOFLAGS": "-mod=mod -buildvcs=false",
        "CGO_ENABLED": "0",
    }
    command = [_go_command(), *arguments]
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Unavailable(
            f"{' '.join(command)} failed:\n{done.stdout[-1000:]}{done.stderr[-2000:]}"
        )
    return done.stdout


def _go_command() -> str:
    found = shutil.which("go") or shutil.which("go", path=USUAL_GO_FOLDER)
    if not found:
        raise Unavailable(
            "etcd, kube-apiserver and the operator are not here and cannot be built: install Go"
            " 1.26 or newer, or set KUBEBUILDER_ASSETS (etcd, kube-apiserver),"
            " CNPG_OPERATOR_BINARY (manager) and CNPG_CRDS (folder of CRD files)"
        )
    return found


def main() -> int:
    """Builds what is missing and prints where everything is."""
    parser = argparse.ArgumentParser(description="Build the test control plane's programs.")
    parser.add_argument("--cnpg", default=CNPG_VERSION, help="operator version")
    arguments = parser.parse_args()
    try:
        found = find(arguments.cnpg)
    except Unavailable as reason:
        say(f"unavailable: {reason}")
        return 1
    for name in ("etcd", "apiserver", "operator", "crds"):
        print(f"{name}\t{getattr(found, name)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
