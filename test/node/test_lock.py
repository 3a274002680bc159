"""The lock file pins everything, wherever it is fetched from."""

import json
from pathlib import Path

LOCK = json.loads((Path(__file__).parent / "package-lock.json").read_text())
PACKAGES = {path: package for path, package in LOCK["packages"].items() if path}


def test_no_package_names_the_place_it_was_fetched_from() -> None:
    assert [path for path, package in PACKAGES.items() if "resolved" in package] == []


def test_every_package_has_a_checksum() -> None:
    bundled = [path for path, package in PACKAGES.items() if package.get("inBundle")]
    unchecked = [path for path, package in PACKAGES.items() if "integrity" not in package]
    assert unchecked == bundled


def test_our_own_choices_are_exact_versions() -> None:
    ours = LOCK["packages"][""]
    chosen = {**ours["dependencies"], **ours["optionalDependencies"]}
    assert all(version[0].isdigit() for version in chosen.values()), chosen
