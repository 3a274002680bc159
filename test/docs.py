"""Writes the parts of docs/ that are made from the code: `make docs`. A test keeps them current."""

from pathlib import Path

from cnpg_mcp.settings import Settings

DOCS = Path(__file__).parents[1] / "docs"
BEGIN, END = "<!-- made by make docs: begin -->", "<!-- end -->"


def settings_table() -> str:
    """Every setting with its default and meaning."""
    lines = ["| Variable | Default | Meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = field.default
        shown = f"`{default}`" if default not in (None, ()) else "-"
        lines.append(f"| `{name.upper()}` | {shown} | {field.description} |")
    return "\n".join(lines)


def with_part(text: str, part: str) -> str:
    """The document with its made part replaced."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{part}\n{END}{after}"


MADE = {DOCS / "configuration.md": settings_table}
"""Documents that have a made part, and what makes it."""


def main() -> None:
    """Brings every made part up to date."""
    for path, make in MADE.items():
        path.write_text(with_part(path.read_text(), make()))


if __name__ == "__main__":
    main()
