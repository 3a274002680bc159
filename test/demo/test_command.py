"""The demo as a newcomer meets it: one command, a screen, two addresses, and an end."""

import os
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from cnpg_mcp.demo import recordings
from test.auth.providers.base import wait_until
from test.demo.running import END_SECONDS, Demo, begin, own_ports, start, start_apart
from test.e2e.desk import ROOT
from test.e2e.story import AFTERWARDS, CREATION, WRITING
from test.e2e.walkthrough import Play

TOOLS = 12
SPACE = {"namespace": "shop"}


def test_screen_says_that_it_is_a_simulation_and_what_to_paste(demo: Demo) -> None:
    assert "SIMULATION" in demo.said
    assert f"claude mcp add --transport http cnpg-demo {demo.main}" in demo.said
    assert f"claude mcp add --transport http cnpg-demo-test {demo.test}" in demo.said
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
        steps = (*CREATION, *AFTERWARDS, *WRITING)
        pages = {step.heading: play.played(step) for step in steps if not step.passing}
    assert "The confirmation code was used already" in pages["A code works once"]


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
            for flag in ("--port", "--test-port"):
                assert f"port {port} ({flag}) is taken" in running.said
            assert f":{port}/" not in running.said
        finally:
            assert running.interrupt() == 0


def test_end_leaves_no_process_and_no_file(tmp_path: Path) -> None:
    environment = {"TMPDIR": str(tmp_path / "tmp"), "HOME": str(tmp_path / "home")}
    for folder in environment.values():
        Path(folder).mkdir()
    running = start_apart(tmp_path / "screen", environment=environment)
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
    running = start_apart(tmp_path / "screen")
    (killed, *_) = [pid for pid in running.children() if pid != running.process.pid]
    os.kill(killed, 9)
    assert running.process.wait(END_SECONDS) == 1
    assert "server has ended" in running.said


def test_pod_of_a_real_cluster_is_no_place_for_it(tmp_path: Path) -> None:
    running = start(tmp_path / "screen", environment={"KUBERNETES_SERVICE_HOST": "10.0.0.1"})
    assert running.process.wait(END_SECONDS) == 2
    assert "simulation" in running.said


def test_two_at_the_same_moment_get_ports_of_their_own(tmp_path: Path) -> None:
    ports = own_ports()
    demos = [begin(tmp_path / name, *ports) for name in ("one", "other")]
    try:
        for demo in demos:
            demo.wait_until_up()
            assert demo.process.poll() is None, demo.said
        assert len({address for demo in demos for address in (demo.main, demo.test)}) == 4
        for demo in demos:
            for address, token in (demo.test, demo.token), (demo.main, demo.sign_in("reader")):
                with demo.desk(address, token) as desk:
                    assert desk.ask("list_postgres_clusters").data["clusters"]
    finally:
        assert [demo.interrupt() for demo in demos] == [0, 0]


def test_demo_that_is_killed_leaves_no_process_and_its_folder_to_the_next(tmp_path: Path) -> None:
    environment = {"TMPDIR": str(tmp_path)}
    unknown = tmp_path / "cnpg-mcp-demo-of-somebody"
    unknown.mkdir()
    killed = start_apart(tmp_path / "killed", environment=environment)
    servers = [pid for pid in killed.children() if pid != killed.process.pid]
    assert len(servers) == 2
    killed.process.kill()
    killed.process.wait()
    wait_until(lambda: not any(map(_lives, servers)), "the servers end")
    assert (killed.folder / "token").exists()
    following = start_apart(tmp_path / "following", environment=environment)
    try:
        assert not killed.folder.exists()
        assert following.folder.exists()
        assert unknown.exists()
    finally:
        assert following.interrupt() == 0


def _lives(pid: int) -> bool:
    """Whether there is such a process, which nobody may have buried in a container."""
    with suppress(FileNotFoundError, ProcessLookupError):  # it may end between opening and reading
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def test_page_is_on_the_screen_where_nobody_reads_the_standard_output(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb") as unread:
        os.close(reader)
        demo = begin(tmp_path / "screen", *own_ports(), stdout=unread)
    try:
        demo.wait_until_up()
        assert f"cnpg-demo-test {demo.test}" in demo.said
    finally:
        assert demo.interrupt() == 0
    assert "Traceback" not in demo.said
    assert "Exception" not in demo.said


@pytest.mark.parametrize("closed", [">&-", "2>&-"])
def test_closed_stream_does_not_end_it(tmp_path: Path, closed: str) -> None:
    demo = begin(tmp_path / "screen", *own_ports(), shell=closed)
    try:
        demo.wait_until_up()
        assert f"cnpg-demo-test {demo.test}" in demo.said
    finally:
        assert demo.interrupt() == 0
    assert "Traceback" not in demo.said


def test_ctrl_c_while_it_is_imported_is_its_end_and_nothing_else() -> None:
    done = _with_import("raise KeyboardInterrupt")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_folder_that_cannot_be_made_is_said_with_what_helps(tmp_path: Path) -> None:
    folder = tmp_path / "absent"
    done = _with_import(f"import tempfile; tempfile.tempdir = {str(folder)!r}")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert str(folder) in done.stderr
    assert "Next: set TMPDIR" in done.stderr


def _with_import(what: str) -> "subprocess.CompletedProcess[str]":
    """How it ends when something happens while its parts are imported."""
    program = f"""
import builtins, sys
original = builtins.__import__
def importing(name, *others, **more):
    if name == "cnpg_mcp.demo.pace":
        {what}
    return original(name, *others, **more)
builtins.__import__ = importing
sys.argv = ["cnpg-mcp-demo"]
from cnpg_mcp.demo.main import main
sys.exit(main())
"""
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT / "src",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_help_has_each_situation_on_a_line_of_its_own(tmp_path: Path) -> None:
    asked = start(tmp_path / "screen", "--help")
    assert asked.process.wait(END_SECONDS) == 0
    lines = [line.strip() for line in asked.said.splitlines()]
    assert set(recordings.names()) <= set(lines)


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
    ("arguments", "reason"),
    [
        (("--port", "0"), "a port is a number from 1 to 65535, not '0'"),
        (("--test-port", "abc"), "a port is a number from 1 to 65535, not 'abc'"),
        (("--speed", "0"), "a speed is a number from 0.1 to 1000, not '0'"),
        (("--speed", "fast"), "a speed is a number from 0.1 to 1000, not 'fast'"),
        (("--situation", "nothing"), "choose from"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(
    tmp_path: Path, arguments: tuple[str, ...], reason: str
) -> None:
    running = start(tmp_path / "screen", *arguments)
    assert running.process.wait(END_SECONDS) == 2
    assert arguments[0] in running.said
    assert reason in running.said
