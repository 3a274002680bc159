"""Documents and code say the same."""

import re
import tomllib
from pathlib import Path

import pytest

from cnpg_mcp.settings import Settings
from cnpg_mcp.settings.model import GROUPS
from test.docs import MADE, with_part

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("path", MADE, ids=lambda path: path.name)
def test_made_part_is_current(path):
    assert path.read_text() == with_part(path.read_text(), MADE[path]()), "run make docs"


def test_every_setting_is_described():
    assert all(field.description for field in Settings.model_fields.values())


def test_every_setting_belongs_to_one_group():
    grouped = [name for group in GROUPS for name in group.__annotations__]
    assert sorted(grouped) == sorted(Settings.model_fields)


def test_every_verb_of_make_stands_in_the_readme():
    verbs = re.findall(r"^([a-z0-9-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    missing = [verb for verb in verbs if f"make {verb}" not in README and verb != "help"]
    assert missing == []


def test_links_between_documents_lead_somewhere():
    documents = [ROOT / "README.md", ROOT / "CLAUDE.md", *(ROOT / "docs").glob("*.md")]
    broken = [
        (document.name, target)
        for document in documents
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text())
        if not (document.parent / target).exists()
    ]
    assert broken == []


def test_console_scripts_are_the_entry_files():
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    for target in scripts.values():
        module = target.removesuffix(":main").replace(".", "/")
        assert (ROOT / "src" / f"{module}.py").exists()


def test_entries_stay_small():
    entries = [ROOT / "src" / name for name in ("cnpg_mcp_server.py", "cnpg_mcp_test_server.py")]
    assert all(len(entry.read_text().splitlines()) < 80 for entry in entries)
