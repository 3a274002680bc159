"""The demo as a newcomer meets it: one command, a screen, two addresses, and an end."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from test.controlplane.process import free_ports
from test.demo.running import Demo, start
from test.e2e.desk import ROOT
from test.e2e.story import AFTERWARDS, CREATION, WRITING
from test.e2e.walkthrough import Play

TOOLS = 12
SPACE = {"namespace": "shop"}


def test_screen_says_that_it_is_a_simulation_and_what_to_paste(demo: Demo) -> None:
    assert "SIMULATION" in demo.said
    assert f"claude mcp add --transport http cnpg {demo.main}" in demo.said
    assert f"claude mcp add --transport http cnpg-test {demo.test}" in demo.said
    assert "Ctrl-C" in demo.said


def test_token_file_is_for_its_owner_alone(demo: Demo) -> None:
    assert (demo.folder / "token").stat().st_mode & 0o077 == 0


def test_kubeconfig_is_for_its_owner_alone(demo: Demo) -> None:
    assert (demo.folder / "kubeconfig").stat().st_mode & 0o077 == 0


def test_sample_clusters_are_there(demo: Demo) -> None:
    with demo.desk(demo.test, demo.token) as desk:
        answer = desk.ask("list_postgres_clusters", all_namespaces=True)
    found = {(row["namespace"], row["name"]) for row in answer.data["clusters"]}
    assert {("shop", "orders"), ("shop", "sessions"), ("analytics", "warehouse")} <= found


@pytest.mark.parametrize("server", ["main", "test"])
def test_whole_life_of_a_cluster(demo: Demo, server: str) -> None:
    token = demo.sign_in("admin") if server == "main" else demo.token
    with demo.desk(getattr(demo, server), token) as desk:
        assert len(desk.tools()) == TOOLS
        play = Play("shop", desk)
        for step in (*CREATION, *AFTERWARDS, *WRITING):
            play.played(step)


def test_reader_may_look_and_not_touch(demo: Demo) -> None:
    with demo.desk(demo.main, demo.sign_in("reader")) as desk:
        desk.ask("list_postgres_clusters")
        refusal = desk.refused("create_postgres_cluster", name="mine")
    assert refusal.code == "insufficient_scope"


def test_reader_sees_a_plan_without_a_code(demo: Demo) -> None:
    with demo.desk(demo.main, demo.sign_in("reader")) as desk:
        plan = desk.ask("delete_postgres_cluster", name="sessions", without_backup=True)
    assert plan.data["outcome"] == "planned"
    assert "insufficient_scope" in [each["code"] for each in plan.data["blockers"]]
    assert not plan.data.get("confirmation")


def test_taken_ports_are_said_and_others_chosen(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        running = start(tmp_path / "screen", "--port", str(port), "--test-port", str(port))
        try:
            assert running.said.count(f"port {port}") == 2
            assert f":{port}/" not in running.said
        finally:
            assert running.interrupt() == 0


def test_end_leaves_no_process_and_no_file(tmp_path: Path) -> None:
    main, test = free_ports(2)
    environment = {"TMPDIR": str(tmp_path / "tmp"), "HOME": str(tmp_path / "home")}
    for folder in environment.values():
        Path(folder).mkdir()
    ports = ("--port", str(main), "--test-port", str(test))
    running = start(tmp_path / "screen", *ports, environment=environment)
    processes = running.children()
    with running.desk(running.test, running.token) as desk:
        desk.ask("list_postgres_clusters")
    running.sign_in("writer")
    assert running.interrupt() == 0, running.said
    assert len(processes) == 3
    assert [pid for pid in processes if Path(f"/proc/{pid}").exists()] == []
    assert list((tmp_path / "tmp").iterdir()) == []
    assert list((tmp_path / "home").iterdir()) == []


def test_server_that_ends_is_the_end_and_says_why(tmp_path: Path) -> None:
    main, test = free_ports(2)
    running = start(tmp_path / "screen", "--port", str(main), "--test-port", str(test))
    (killed, *_) = [pid for pid in running.children() if pid != running.process.pid]
    os.kill(killed, 9)
    assert running.process.wait(30) == 1
    assert "server has ended" in running.said


def test_pod_of_a_real_cluster_is_no_place_for_it(tmp_path: Path) -> None:
    running = start(tmp_path / "screen", environment={"KUBERNETES_SERVICE_HOST": "10.0.0.1"})
    assert running.process.wait(30) == 2
    assert "simulation" in running.said


def test_missing_library_is_named_with_what_installs_it() -> None:
    program = (
        "import sys; sys.modules['authlib'] = None; sys.argv = ['cnpg-mcp-demo'];"
        "from cnpg_mcp.demo.main import main; sys.exit(main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT / "src",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "authlib" in done.stderr
    assert "cnpg-mcp[demo]" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [("--port", "0"), ("--speed", "0"), ("--speed", "fast"), ("--situation", "nothing")],
    ids=" ".join,
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    running = start(tmp_path / "screen", *arguments)
    assert running.process.wait(30) == 2
    assert arguments[0] in running.said
