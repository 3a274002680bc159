"""Recorded situations of real clusters, and their times moved to now."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.notation import precise, timestamp

FOLDER = Path(__file__).parent / "situations"
T = TypeVar("T")

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_CERTIFICATE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000 UTC")


def names() -> list[str]:
    """The names of all recorded situations."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def load(situation: str) -> KubeObject:
    """One recording, by name."""
    found: KubeObject = json.loads((FOLDER / f"{situation}.json").read_text())
    return found


@dataclass(frozen=True)
class Shift:
    """How far recorded times are moved."""

    by: timedelta

    def __call__(self, text: str) -> str:
        """The text, moved where it is a time."""
        if match := _RFC3339.fullmatch(text):
            moved = datetime.fromisoformat(text) + self.by
            return precise(moved) if match[1] else timestamp(moved)
        if _CERTIFICATE.fullmatch(text):
            moved = datetime.fromisoformat(text.removesuffix(" UTC")) + self.by
            return moved.strftime("%Y-%m-%d %H:%M:%S +0000 UTC")
        return text


def shifted(value: T, shift: Shift) -> T:
    """The value with every time in it moved."""
    moved: T = mapped(value, shift)
    return moved


def remapped(value: T, uids: dict[str, str]) -> T:
    """The value with every text that is an old uid replaced by the new one."""
    renamed: T = mapped(value, lambda text: uids.get(text, text))
    return renamed


def mapped(value: Any, change: Callable[[str], str]) -> Any:  # noqa: ANN401 - any JSON
    """The JSON with every text in it changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: mapped(each, change) for key, each in value.items()}
    if isinstance(value, list):
        return [mapped(each, change) for each in value]
    return value
