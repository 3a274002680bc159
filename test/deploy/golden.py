"""Renders that people review: ``python -m test.deploy.golden`` writes them anew."""

import tempfile
from pathlib import Path

from test.deploy.valuesets import GOLDEN, minimal
from test.helm import Helm, find_helm

FOLDER = Path(__file__).parent / "golden"


def golden_file(name: str) -> Path:
    """Where a render is kept."""
    return FOLDER / f"{name}.yaml"


def golden_text(helm: Helm, name: str) -> str:
    """What the chart gives now."""
    return helm.render(minimal(GOLDEN[name]))


def main() -> None:
    """Writes all of them."""
    with tempfile.TemporaryDirectory() as home:
        helm = Helm(find_helm(), Path(home))
        for name in GOLDEN:
            golden_file(name).write_text(golden_text(helm, name))


if __name__ == "__main__":
    main()
