"""How a write is to be carried out, whatever it writes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """Only checked (`dry_run`), waited for, or confirmed with the code of a plan."""

    dry_run: bool = False
    wait_seconds: int = 0
    confirmation: str | None = None
