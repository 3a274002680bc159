"""An image in an archive of docker's format, read and renamed without any container tool."""

import io
import json
import subprocess
import tarfile
from functools import cached_property
from pathlib import Path
from typing import Any

_TABLE = "manifest.json"
_OLD_TABLE = "repositories"
_GONE = ".wh."
_OPAQUE = ".wh..wh..opq"


class Archive:
    """One archive with one image."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def name(self) -> str:
        """The image's name and tag."""
        return str(self._table["RepoTags"][0])

    @property
    def identity(self) -> str:
        """The digest of its configuration, which names content and settings."""
        return Path(self._table["Config"]).stem

    @cached_property
    def config(self) -> dict[str, Any]:
        """The image's configuration: OCI image-spec, "config"."""
        whole: dict[str, Any] = json.loads(self._member(self._table["Config"]))
        return whole["config"]

    @property
    def layers(self) -> dict[str, int]:
        """Size of each layer in bytes, unpacked, lowest first."""
        with tarfile.open(self.path) as archive:
            return {name: archive.getmember(name).size for name in self._table["Layers"]}

    def unpack(self, root: Path) -> None:
        """Writes the image's files to `root`, with owners and modes (which takes root)."""
        root.mkdir()
        for layer in self.layers:
            held = root.parent / "layer.tar"
            with tarfile.open(self.path) as archive, held.open("wb") as target:
                source = archive.extractfile(archive.getmember(layer))
                assert source
                while block := source.read(1 << 20):
                    target.write(block)
            _apply(held, root)
            held.unlink()

    def copy_as(self, name: str, target: Path) -> None:
        """Writes the same image under another name."""
        table = json.dumps([{**self._table, "RepoTags": [name]}]).encode()
        unfinished = target.with_suffix(".part")
        with tarfile.open(self.path) as source, tarfile.open(unfinished, "w") as copy:
            for member in source:
                if member.name == _TABLE:
                    member.size = len(table)
                    copy.addfile(member, io.BytesIO(table))
                elif member.name != _OLD_TABLE:
                    copy.addfile(member, source.extractfile(member) if member.isfile() else None)
        unfinished.rename(target)

    @cached_property
    def _table(self) -> dict[str, Any]:
        (only,) = json.loads(self._member(_TABLE))
        found: dict[str, Any] = only
        return found

    def _member(self, name: str) -> bytes:
        with tarfile.open(self.path) as archive:
            source = archive.extractfile(name)
            assert source
            return source.read()


def _apply(layer: Path, root: Path) -> None:
    """Lays one layer over those below: OCI image-spec, "Applying Changesets"."""
    with tarfile.open(layer) as archive:
        marks = [Path(name) for name in archive.getnames() if _GONE in name]
    for mark in marks:
        gone = "." if mark.name == _OPAQUE else mark.name.removeprefix(_GONE)
        _remove(root / mark.parent / gone)
    arguments = ["--numeric-owner", "--preserve-permissions", f"--exclude={_GONE}*"]
    subprocess.run(
        ["tar", "--extract", "--file", str(layer), "--directory", str(root), *arguments], check=True
    )


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        for child in path.iterdir():
            _remove(child)
        path.rmdir()
    else:
        path.unlink(missing_ok=True)
