"""What the image is, and that it runs where nothing may be written."""

import json
import os
import stat
import tomllib
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement

import cnpg_mcp
from cnpg_mcp.settings import Settings
from test.image.archive import Archive
from test.image.build import ROOT, context
from test.image.builders import builder
from test.image.conftest import SIGN_IN, Start
from test.image.container import Container, Root

USER = 65532
ANYBODY = (1000650000, 0)
"""A user that no image knows, as OpenShift gives them."""
RECIPE = {Path("Dockerfile"), Path(".dockerignore")}
STATE = "/var/lib/cnpg-mcp"
LABEL = "org.opencontainers.image"
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}


def project() -> dict:
    """The project's own description of itself."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def scripts() -> set[str]:
    """The console scripts of a cluster: the demo is for a desk."""
    return set(project()["scripts"]) - {"cnpg-mcp-demo"}


def below(folder: Path) -> Iterator[Path]:
    """Every file and folder below, links as they are."""
    for where, folders, files in os.walk(folder):
        yield from (Path(where) / name for name in [*folders, *files])


def packages(root: Root) -> Path:
    """Where the wheels are."""
    (found,) = (root.path / "opt/venv/lib").glob("python3.*/site-packages")
    return found


def test_the_user_is_a_number_and_not_root(archive: Archive) -> None:
    assert archive.config["User"] == f"{USER}:{USER}"


def test_the_entry_point_is_the_main_server(archive: Archive) -> None:
    assert archive.config["Entrypoint"] == ["python", "src/cnpg_mcp_server.py"]
    assert archive.config["WorkingDir"] == "/app"
    assert not archive.config.get("Cmd")


def test_the_only_setting_inside_is_the_address_to_listen_on(archive: Archive) -> None:
    environment = dict(entry.split("=", 1) for entry in archive.config["Env"])
    names = {name.upper() for name in Settings.model_fields}
    settings = names | {f"{name}_FILE" for name in names}
    assert {name: environment[name] for name in environment.keys() & settings} == {
        "HOST": "0.0.0.0"
    }


def test_labels_say_what_it_is(archive: Archive) -> None:
    labels = archive.config["Labels"]
    described = {name: labels[f"{LABEL}.{name}"] for name in ("title", "description", "licenses")}
    assert described == {
        "title": project()["name"],
        "description": project()["description"],
        "licenses": project()["license"],
    }
    assert labels[f"{LABEL}.version"] == cnpg_mcp.__version__


def test_the_ports_are_those_of_both_servers(archive: Archive) -> None:
    assert set(archive.config["ExposedPorts"]) == {"3000/tcp", "3001/tcp"}


def test_source_and_scripts_are_all_that_is_ours(root: Root) -> None:
    assert {path.name for path in (root.path / "app").iterdir()} == {"src", "bin"}
    held = {
        path.relative_to(root.path / "app")
        for path in below(root.path / "app/src")
        if path.is_file() and "__pycache__" not in path.parts
    }
    wanted = {path.relative_to(ROOT) for path in context() if path.is_relative_to(ROOT / "src")}
    assert held == wanted


def test_a_build_is_sent_the_source_and_the_lock_alone(archive: Archive, tmp_path: Path) -> None:
    using = builder()
    recipe = tmp_path / "Dockerfile"
    recipe.write_text("FROM scratch\nCOPY . /\n")
    name = f"localhost/cnpg-mcp-context:{tmp_path.name}"
    using.build(ROOT, recipe, name, arguments={})
    using.save(name, tmp_path / "context.tar")
    using.forget(name)
    Archive(tmp_path / "context.tar").unpack(tmp_path / "sent")
    sent = {path for path in below(tmp_path / "sent") if path.is_file()}
    wanted = {path.relative_to(ROOT) for path in context()} - RECIPE
    assert {path.relative_to(tmp_path / "sent") for path in sent} == wanted


def test_the_code_is_inside_once(root: Root) -> None:
    copies = [path for path in below(root.path) if path.name in {"cnpg_tools.py", "cnpg_mcp"}]
    assert sorted(copies) == [root.path / "app/src/cnpg_mcp", root.path / "app/src/cnpg_tools.py"]


def test_the_wheels_are_those_of_the_lock(root: Root) -> None:
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    pins = [Requirement(line.rstrip(" \\")) for line in lines if line[:1].isalnum()]
    python = packages(root).parent.name.removeprefix("python")
    here = {**default_environment(), "python_version": python, "python_full_version": f"{python}.0"}
    wanted = {
        (pin.name.lower(), str(pin.specifier).removeprefix("=="))
        for pin in pins
        if pin.marker is None or pin.marker.evaluate(here)
    }
    held = {
        (wheel.name.lower().replace("_", "-").replace(".", "-"), wheel.version)
        for wheel in distributions(path=[str(packages(root))])
    }
    assert held == wanted


def test_no_compiler_is_inside(root: Root) -> None:
    tools = {"cc", "gcc", "g++", "c++", "clang", "ld", "make", "git"}
    folders = ("usr/bin", "usr/local/bin", "bin", "opt/venv/bin", "app/bin")
    held = {path.name for folder in folders for path in (root.path / folder).glob("*")}
    assert not held & tools


def test_no_setting_of_pip_is_left(root: Root) -> None:
    assert not (root.path / "etc/pip.conf").exists()
    assert not list((root.path / "run").glob("secrets/*"))


def test_every_module_of_ours_is_compiled(root: Root) -> None:
    sources = (root.path / "app/src").rglob("*.py")
    missing = [
        path
        for path in sources
        if not list((path.parent / "__pycache__").glob(f"{path.stem}.cpython-3*.pyc"))
    ]
    assert not missing


def test_the_servers_user_owns_its_state_and_nothing_else(root: Root) -> None:
    owned = [path for path in below(root.path) if path.lstat().st_uid == USER]
    assert owned == [root.path / STATE.lstrip("/")]


@pytest.mark.parametrize("folder", ["app", "opt/venv"])
def test_only_root_may_change_the_programs(root: Root, folder: str) -> None:
    strangers = stat.S_IWGRP | stat.S_IWOTH
    found = [
        path
        for path in below(root.path / folder)
        if not path.is_symlink() and (path.stat().st_uid or path.stat().st_mode & strangers)
    ]
    assert not found


def test_anybody_may_read_the_programs(root: Root) -> None:
    found = [
        path
        for folder in ("app", "opt/venv")
        for path in below(root.path / folder)
        if not path.is_symlink() and not path.stat().st_mode & stat.S_IROTH
    ]
    assert not found


@pytest.mark.parametrize("script", sorted(scripts()))
def test_console_scripts_are_found(start: Start, script: str) -> None:
    assert start("--version", entrypoint=[script]).output().strip() == cnpg_mcp.__version__


def test_there_is_no_console_script_that_the_project_lacks(root: Root) -> None:
    assert {path.name for path in (root.path / "app/bin").iterdir()} == scripts()


def test_the_demo_is_not_inside(root: Root) -> None:
    assert [path for path in below(root.path / "app") if "demo" in path.name] == []


def test_the_main_server_serves_with_nothing_writable_but_its_store(main_server: Container) -> None:
    assert main_server.answer(3000, "/healthz") == "200 ok"
    assert main_server.run("sh", "-c", "echo > /app/file").returncode
    assert main_server.run("id", "-u").stdout.strip() == str(USER)


def test_the_main_server_keeps_its_store_on_the_volume(main_server: Container) -> None:
    def is_kept(ready: str) -> bool:
        return bool(json.loads(ready.partition(" ")[2])["checks"]["store"] == "ok")

    main_server.answer(3000, "/readyz", is_kept)


def test_the_test_server_serves_with_nothing_writable(start: Start) -> None:
    server = start(
        *("--port", "3001"),
        entrypoint=["python", "src/cnpg_mcp_test_server.py"],
        environment=SIGN_IN,
    )
    assert server.answer(3001, "/healthz") == "200 ok"


def test_a_user_that_no_image_knows_may_run_it(start: Start) -> None:
    server = start(
        *("--port", "3001"),
        entrypoint=["python", "src/cnpg_mcp_test_server.py"],
        environment=SIGN_IN,
        user=ANYBODY,
    )
    assert server.answer(3001, "/healthz") == "200 ok"
    assert server.run("id", "-u").stdout.strip() == str(ANYBODY[0])


def test_the_server_ends_when_it_is_asked_to(main_server: Container) -> None:
    main_server.answer(3000, "/healthz")
    assert main_server.stop() == 0


def test_it_speaks_stdio_without_arguments(start: Start) -> None:
    server = start()
    assert server.process.stdin
    assert server.process.stdout
    server.process.stdin.write(json.dumps(INITIALIZE).encode() + b"\n")
    server.process.stdin.flush()
    answer = json.loads(server.process.stdout.readline())
    assert answer["result"]["serverInfo"]["version"] == cnpg_mcp.__version__


def test_the_doctor_explains_itself(start: Start) -> None:
    assert "--inside" in start("--help", entrypoint=["cnpg-mcp-doctor"]).output()
