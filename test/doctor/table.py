"""The table of codes in docs/doctor.md: `python -m test.doctor.table` writes it."""

from collections.abc import Iterable

from cnpg_mcp.doctor import examination
from cnpg_mcp.doctor.findings import Kind
from cnpg_mcp.doctor.inside import kinds as inside
from cnpg_mcp.doctor.outside import kinds as outside
from test.docs import DOCS, with_part

DOCUMENT = DOCS / "doctor.md"
SIDES = {
    "From outside": outside.KINDS,
    "From inside": inside.KINDS,
    "Of any check": examination.KINDS,
}
KINDS = [kind for kinds in SIDES.values() for kind in kinds]


def codes_tables() -> str:
    """Every code, by the side from which it is found."""
    return "\n\n".join(f"### {side}\n\n{_table(kinds)}" for side, kinds in SIDES.items())


def _table(kinds: Iterable[Kind]) -> str:
    lines = ["| Code | Severity | What it breaks | How to repair it |", "|---|---|---|---|"]
    lines += [
        f"| `{kind.code}` | {kind.severity} | {_cell(kind.breaks)} | {_cell(kind.repair)} |"
        for kind in kinds
    ]
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*")


def main() -> None:
    """Brings the document up to date."""
    DOCUMENT.write_text(with_part(DOCUMENT.read_text(), codes_tables()))


if __name__ == "__main__":
    main()
