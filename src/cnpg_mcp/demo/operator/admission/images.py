"""PostgreSQL's version, as the tag of an image says it."""

import re
from collections.abc import Iterator

from cnpg_mcp.demo.kubernetes.failures import Cause
from cnpg_mcp.demo.operator.admission.causes import invalid

DEFAULT = "registry.example/cloudnative-pg/postgresql:18.4-system-trixie"
"""What the operator runs where a Cluster names no image."""
OLDEST = 13
_PATH = "spec.imageName"
_VERSION = re.compile(r"0*(\d{1,9})(?:\.\d+)*(?:[-_~a-z].*)?", re.ASCII)


def major(image: str) -> int | None:
    """The major version of an image; `None` where its tag says none."""
    found = _VERSION.fullmatch(_tag(image))
    return int(found[1]) if found else None


def faults(image: str) -> Iterator[Cause]:
    """What is wrong with an image's name."""
    tag, digest = _tag(image), "@sha256:" in image
    if tag == "latest" and digest:
        why = "Can't use just the image sha as we can't detect upgrades"
        yield invalid(_PATH, image, why)
        return
    if tag == "latest":
        why = "Can't use 'latest' as image tag as we can't detect upgrades"
        yield invalid(_PATH, image, why)
        return
    version = major(image)
    if version is None:
        yield invalid(_PATH, image, "invalid version tag")
    elif version < OLDEST:
        why = f"Unsupported PostgreSQL version. Versions {OLDEST} or newer are supported"
        yield invalid(_PATH, image, why)


def _tag(image: str) -> str:
    named = image.partition("@")[0]
    return named.rpartition("/")[2].partition(":")[2] or "latest"
