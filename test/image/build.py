"""The image as an archive, built once for each content.

``python -m test.image.build`` builds what is missing and prints the image's name and its archive;
``--name localhost/cnpg-mcp:next`` gives the same image under another name.

Built by ``buildah``, ``podman`` or ``docker``, whichever is found first (``CNPG_MCP_BUILDER`` names
one), on a base that the environment may choose:

``CNPG_MCP_BASE_IMAGE``
    name of an image with Python; default: the Dockerfile's own.
``CNPG_MCP_BASE_ARCHIVE``
    archive of a Debian, on which ``base.Dockerfile`` puts Python: for machines without a registry.

pip's settings (``PIP_CERT``, ``PIP_INDEX_URL``) are handed to the build as secrets.
"""

import argparse
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import cnpg_mcp
from test.cache import cache_folder, locked, say
from test.image.archive import Archive
from test.image.builders import Builder, Unavailable, builder

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
REPOSITORY = "localhost/cnpg-mcp"
KEPT = 3
"""Archives in the cache; the oldest ones go."""
_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
_INPUTS = ("Dockerfile", ".dockerignore", "requirements.lock")
_LEFT_OUT = re.compile(r"^src/cnpg_mcp/demo/|__pycache__|\.egg-info")


@dataclass(frozen=True)
class Image:
    """An image in an archive of docker's format."""

    name: str
    archive: Path


@dataclass(frozen=True)
class Base:
    """What the image stands on: an image's name, or an archive of a Debian without Python."""

    name: str
    debian: Path | None = None

    def image(self, using: Builder) -> str:
        """The name of the base, present where `using` looks for it.

        Raises:
            Unavailable: it is neither here nor at a registry that can be reached.
        """
        if not using.has(self.name):
            self._bring(using)
        return self.name

    def _bring(self, using: Builder) -> None:
        if self.debian is None:
            using.pull(self.name)
            return
        say("making a base image with Python")
        using.load(self.debian)
        debian = Archive(self.debian).name
        using.build(HERE, HERE / "base.Dockerfile", self.name, arguments={"DEBIAN": debian})


def built_image(name: str | None = None) -> Image:
    """The image of this checkout; `name` is what it is called in the archive.

    Raises:
        Unavailable: nothing here can build, or no base can be had.
        RuntimeError: the build failed.
    """
    folder = cache_folder() / "images"
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / "lock"):
        image = _own_image(folder)
        return image if name in {None, image.name} else _renamed(image, str(name), folder)


def services_image() -> Image:
    """An image with what installed servers need besides: an identity provider, and Redis.

    Raises:
        Unavailable: nothing here can build, or no base can be had.
    """
    folder = cache_folder() / "images"
    folder.mkdir(parents=True, exist_ok=True)
    base, recipe = _base(), HERE / "services.Dockerfile"
    version = metadata.version("nanoidp")
    key = hashlib.sha256(f"{base.name} {version} {recipe.read_text()}".encode()).hexdigest()[:12]
    image = Image(f"{REPOSITORY}-services:{key}", folder / f"services-{key}.tar")
    with locked(folder / "lock"):
        if not image.archive.exists():
            _build(image, base, builder(), recipe, {"NANOIDP": version})
    return image


def _own_image(folder: Path) -> Image:
    base = _base()
    key = _key(base)
    image = Image(f"{REPOSITORY}:{key}", folder / f"{key}.tar")
    if not image.archive.exists():
        _build(image, base, builder(), ROOT / "Dockerfile", {"VERSION": cnpg_mcp.__version__})
        _forget_old(folder)
    return image


def _renamed(image: Image, name: str, folder: Path) -> Image:
    """The same image under another name, which changes nothing but the archive's table."""
    safe = re.sub(r"[^a-zA-Z0-9.]+", "-", name)
    other = Image(name, folder / f"{image.archive.stem}-{safe}.tar")
    if not other.archive.exists():
        Archive(image.archive).copy_as(name, other.archive)
    return other


def _build(
    image: Image, base: Base, using: Builder, recipe: Path, arguments: Mapping[str, str]
) -> None:
    say(f"building {image.name}")
    with tempfile.TemporaryDirectory() as folder:
        using.build(
            recipe.parent,
            recipe,
            image.name,
            arguments={"BASE_IMAGE": base.image(using), **arguments},
            secrets=_secrets(Path(folder)),
        )
    unfinished = image.archive.with_suffix(".part")
    unfinished.unlink(missing_ok=True)
    using.save(image.name, unfinished)
    using.forget(image.name)
    unfinished.rename(image.archive)


def _secrets(folder: Path) -> dict[str, Path]:
    """What pip needs to know here, as files."""
    lines = ["[global]"]
    secrets = {}
    if certificates := os.environ.get("PIP_CERT"):
        secrets["ca-certificates"] = Path(certificates)
        lines.append(f"cert = {_CERTIFICATES}")
    if index := os.environ.get("PIP_INDEX_URL"):
        lines.append(f"index-url = {index}")
    secrets["pip.conf"] = folder / "pip.conf"
    secrets["pip.conf"].write_text("\n".join(lines) + "\n")
    return secrets


def _base() -> Base:
    name = os.environ.get("CNPG_MCP_BASE_IMAGE")
    archive = os.environ.get("CNPG_MCP_BASE_ARCHIVE")
    if name and archive:
        raise Unavailable("CNPG_MCP_BASE_IMAGE and CNPG_MCP_BASE_ARCHIVE are both set")
    if not archive:
        return Base(name or _default_base())
    recipe = (HERE / "base.Dockerfile").read_bytes()
    content = hashlib.sha256(recipe + Archive(Path(archive)).identity.encode())
    return Base(f"{REPOSITORY}-base:{content.hexdigest()[:12]}", Path(archive))


def _default_base() -> str:
    found = re.search(r"^ARG BASE_IMAGE=(\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert found
    return found[1]


def _key(base: Base) -> str:
    """Changes with everything that the image is made of."""
    content = hashlib.sha256(f"{base.name} {cnpg_mcp.__version__}".encode())
    for path in context():
        content.update(f"{path.relative_to(ROOT)} {path.stat().st_size}\n".encode())
        content.update(path.read_bytes())
    return content.hexdigest()[:12]


def context() -> Iterator[Path]:
    """The files from which the image is built."""
    for name in _INPUTS:
        yield ROOT / name
    for path in sorted((ROOT / "src").rglob("*")):
        if path.is_file() and not _LEFT_OUT.search(str(path.relative_to(ROOT))):
            yield path


def _forget_old(folder: Path) -> None:
    """Removes all but the newest builds, each with its renamed copies."""
    own = (path for path in folder.glob("*.tar") if not path.name.startswith("services-"))
    by_age = sorted(own, key=lambda path: path.stat().st_mtime, reverse=True)
    keys = list(dict.fromkeys(path.stem.partition("-")[0] for path in by_age))
    for key in keys[KEPT:]:
        for path in folder.glob(f"{key}*.tar"):
            path.unlink()


def main(given: Sequence[str] | None = None) -> None:
    """Builds the image and prints its name and its archive."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("--name", help="what the image is called in the archive")
    image = built_image(arguments.parse_args(given).name)
    print(image.name, image.archive)


if __name__ == "__main__":
    main()
