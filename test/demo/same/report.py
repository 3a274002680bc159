"""Writes down every difference, most important first: `python -m test.demo.same.report FILE`."""

import re
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from cnpg_mcp.demo.kubernetes.http import HttpApi
from test.controlplane.plane import Plane
from test.demo.same.compare import Difference, differences, play
from test.demo.same.differences import is_intended
from test.demo.same.emulator import TOKENS, bare_server, served, write_kubeconfig
from test.demo.same.endpoint import Endpoint, endpoint, forgetting
from test.demo.same.scenes import SCENES

_TITLES = ("Broken scenes", "Status codes", "Headers, reasons", "Shape and values", "Messages")
_SHOWN = 500


def _importance(found: Difference) -> int:
    """Index of the title under which a difference is told."""
    if found.path == "the scene":
        return 0
    if found.path == "status":
        return 1
    if found.path.startswith(("headers", "warnings")) or found.path.endswith("reason"):
        return 2
    return 4 if found.path.endswith("message") else 3


def _all(real: Endpoint, emulated: Endpoint) -> Iterator[Difference]:
    for name, scene in SCENES.items():
        expected = play(scene, real)
        try:
            yield from differences(name, expected, play(scene, emulated))
        except Exception as error:  # noqa: BLE001 - the report tells of it
            yield Difference(name, 0, "", "the scene", "plays", repr(error))


def _told(found: list[Difference]) -> Iterator[str]:
    alike = defaultdict(list)
    for each in found:
        path = re.sub(r"\[\d+\]", "[]", each.path)
        alike[_importance(each), path, str(each.real), str(each.emulated)].append(each)
    title = -1
    for key, group in sorted(alike.items(), key=lambda pair: (pair[0][0], -len(pair[1]))):
        if key[0] != title:
            title = key[0]
            yield f"\n## {_TITLES[title]}\n"
        first = group[0]
        yield f"- `{key[1]}` x{len(group)}, {first.scene}[{first.step}] {first.exchange[:140]}"
        yield f"  - real: {key[2][:_SHOWN]}"
        yield f"  - emulated: {key[3][:_SHOWN]}"


def main(file: Path) -> None:
    """Plays all scenes on both and writes the report."""
    server = bare_server()
    with (
        tempfile.TemporaryDirectory() as folder,
        Plane(operator=False) as plane,
        served(HttpApi(server, TOKENS)) as address,
        endpoint("real", plane.admin_kubeconfig, forgetting(plane)) as real,
        endpoint(
            "emulated",
            write_kubeconfig(Path(folder) / "kubeconfig", address),
            server.storage.forget_the_past,
        ) as emulated,
    ):
        found = list(_all(real, emulated))
    rest = [each for each in found if not is_intended(each)]
    scenes = len({each.scene for each in rest})
    head = f"{len(rest)} differences in {scenes} of {len(SCENES)} scenes; "
    head += f"{len(found) - len(rest)} are intended."
    file.write_text("\n".join(["# Differences of the emulator\n", head, *_told(rest), ""]))
    print(head)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
