"""What the screen of the demo gives to be pasted."""

import shlex
import sys
from dataclasses import replace
from pathlib import Path

from cnpg_mcp.demo.leaflet import Leaflet, told

FOLDER = Path("demo")
LEAFLET = Leaflet(
    main="http://localhost:3000/mcp",
    test="http://localhost:3001/test",
    token=FOLDER / "token",
    kubeconfig=FOLDER / "kubeconfig",
    logs=FOLDER,
    speed=2,
    situation="",
    incident="incident",
)


def commands(verb):
    lines = [line.strip().split() for line in told(LEAFLET).splitlines()]
    return [line for line in lines if line[:3] == ["claude", "mcp", verb]]


def test_every_server_that_is_added_can_be_removed_by_a_command_of_its_own():
    added = {"cnpg-demo", "cnpg-demo-test", "cnpg-demo-stdio"}
    assert len(commands("add")) == len(added)
    assert {line[3] for line in commands("remove")} == added
    assert {len(line) for line in commands("remove")} == {4}


def test_addresses_are_said_to_be_no_pages():
    text = told(LEAFLET)
    assert text.index("in a browser there is no page") < text.index(LEAFLET.main)


def test_situation_is_what_to_ask_about_first():
    text = told(replace(LEAFLET, situation="oom-killed"))
    assert "What is the matter in namespace incident?" in text


def test_commands_can_be_pasted_whatever_the_folder_is_called():
    folder = Path("sp ace & more")
    text = told(replace(LEAFLET, token=folder / "token", kubeconfig=folder / "kubeconfig"))
    stdio = next(line for line in text.splitlines() if "cnpg-demo-stdio -e" in line)
    given = shlex.split(stdio)
    assert f"KUBECONFIG={folder}/kubeconfig" in given
    assert given[-4:] == [sys.executable, "-P", "-m", "cnpg_mcp_server"]
    assert f"$(cat '{folder}/token')" in text
