"""The programs that build images, behind one face."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

_PATIENCE = 900
"""Seconds for one step; wheels may come over a slow line."""
_WORDS_OF_A_FAILURE = 2000


class Unavailable(RuntimeError):
    """No image can be made on this machine; the text says what would change that."""


class Builder(Protocol):
    """What is asked of a program that builds images."""

    def has(self, name: str) -> bool:
        """Whether an image is in its storage."""

    def pull(self, name: str) -> None:
        """Fetches an image from its registry."""

    def load(self, archive: Path) -> None:
        """Reads an archive of docker's format into its storage."""

    def build(
        self,
        context: Path,
        recipe: Path,
        name: str,
        *,
        arguments: Mapping[str, str],
        secrets: Mapping[str, Path] = {},
    ) -> None:
        """Builds an image."""

    def save(self, name: str, archive: Path) -> None:
        """Writes an image as an archive of docker's format."""

    def forget(self, name: str) -> None:
        """Removes an image from its storage."""


class Docker:
    """docker, and podman, which understands the same words."""

    _options: tuple[str, ...] = ("--network", "host")

    def __init__(self, program: str) -> None:
        self._program = program

    def has(self, name: str) -> bool:
        """Whether an image is in its storage."""
        return _works(self._program, "image", "inspect", name)

    def pull(self, name: str) -> None:
        """Fetches an image from its registry."""
        if not _works(self._program, "pull", name):
            raise Unavailable(
                f"{name} can be pulled from no registry: name a base by CNPG_MCP_BASE_IMAGE, or "
                "the archive of a Debian by CNPG_MCP_BASE_ARCHIVE"
            )

    def load(self, archive: Path) -> None:
        """Reads an archive of docker's format into its storage."""
        self._run("load", "--input", str(archive))

    def build(
        self,
        context: Path,
        recipe: Path,
        name: str,
        *,
        arguments: Mapping[str, str],
        secrets: Mapping[str, Path] = {},
    ) -> None:
        """Builds an image."""
        self._run(
            "build",
            *self._options,
            *(f"--build-arg={key}={value}" for key, value in arguments.items()),
            *(f"--secret=id={key},src={path}" for key, path in secrets.items()),
            f"--file={recipe}",
            f"--tag={name}",
            str(context),
        )

    def save(self, name: str, archive: Path) -> None:
        """Writes an image as an archive of docker's format."""
        self._run("save", "--output", str(archive), name)

    def forget(self, name: str) -> None:
        """Removes an image from its storage."""
        self._run("rmi", name)

    def _run(self, *arguments: str) -> None:
        done = _run(self._program, *arguments)
        if done.returncode:
            raise RuntimeError(
                f"{self._program} {arguments[0]} failed with status {done.returncode}:\n"
                + done.stdout[-_WORDS_OF_A_FAILURE:]
            )


class Buildah(Docker):
    """buildah: no daemon, and no container engine.

    Without ``--layers``: buildah 1.28 takes a LABEL from its cache whatever its arguments are.
    """

    _options = ("--isolation", "chroot", "--network", "host")

    def has(self, name: str) -> bool:
        """Whether an image is in its storage."""
        return _works(self._program, "inspect", "--type", "image", name)

    def load(self, archive: Path) -> None:
        """Reads an archive of docker's format into its storage."""
        self._run("pull", f"docker-archive:{archive}")

    def save(self, name: str, archive: Path) -> None:
        """Writes an image as an archive of docker's format."""
        self._run("push", name, f"docker-archive:{archive}:{name}")


def builder() -> Builder:
    """The first program that works here.

    Raises:
        Unavailable: there is none.
    """
    wanted = os.environ.get("CNPG_MCP_BUILDER")
    for program in [wanted] if wanted else ["buildah", "podman", "docker"]:
        if shutil.which(program) and _works(program, "info"):
            return Buildah(program) if program == "buildah" else Docker(program)
    raise Unavailable("neither buildah nor podman nor a running docker: install buildah")


def _works(program: str, *arguments: str) -> bool:
    return _run(program, *arguments).returncode == 0


def _run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=_PATIENCE,
        check=False,
    )
