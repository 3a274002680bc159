"""Documents and code say the same."""

import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from cnpg_mcp.settings import Settings
from cnpg_mcp.settings.model import GROUPS
from test.deploy.schema import CHOSEN, SCHEMA, SECRET, with_settings
from test.deploy.values import VALUES, documented
from test.docs import MADE, with_part

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("path", MADE, ids=lambda path: path.name)
def test_made_part_is_current(path):
    assert path.read_text() == with_part(path.read_text(), MADE[path]()), "run make docs"


def test_chart_knows_the_settings():
    assert with_settings(SCHEMA.read_text()) == SCHEMA.read_text(), "run make docs"


def test_settings_that_the_chart_keeps_for_itself_are_settings():
    assert {name.upper() for name in Settings.model_fields} >= SECRET | CHOSEN


def test_every_value_of_the_chart_is_explained_where_it_stands_or_with_its_group():
    explained = {value.path for value in documented() if value.meaning}
    unexplained = [
        value.path
        for value in documented()
        if value.default and not any(path in explained for path in _groups(value.path))
    ]
    assert unexplained == []


def test_schema_and_values_of_the_chart_have_the_same_names():
    schema, values = json.loads(SCHEMA.read_text()), yaml.safe_load(VALUES.read_text())
    assert list(_named(schema, values)) == []


def _named(schema, values, path=""):
    """Paths of groups whose names differ; Kubernetes' own groups may have more than we set."""
    if "properties" in schema and not schema["description"].startswith("As in a"):
        if schema["properties"].keys() - {"global"} != values.keys():
            yield path
        for name, value in values.items():
            yield from _named(schema["properties"][name], value, f"{path}.{name}")


def _groups(path: str) -> list[str]:
    """A value's path, and the paths of the groups that it is in."""
    parts = path.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts) + 1)]


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
