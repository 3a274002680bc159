"""What an installation finds in its cluster: images, a provider, an authority for certificates."""

import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from test.doctor.certificates import Authority
from test.e2e.admin import Admin
from test.e2e.installed.kubectl import Kubectl
from test.e2e.installed.outside import Outside
from test.e2e.installed.provider import INGRESS, TLS_SECRET, Provider
from test.e2e.room import passing_namespace
from test.e2e.waiting import until
from test.image.build import Image, built_image, services_image
from test.image.builders import Unavailable as NoBuilder

LOAD_IMAGE, INGRESS_ADDRESS = "CNPG_MCP_LOAD_IMAGE", "CNPG_MCP_INGRESS"
ADMITTED_SECONDS = 90


class Unavailable(RuntimeError):
    """Nothing can be installed on this cluster; the text says what would change that."""


@dataclass(frozen=True)
class Surroundings:
    """A cluster ready for installations of this checkout."""

    admin: Admin
    kubectl: Kubectl
    image: str
    services: str
    provider: Provider
    outside: Outside
    authority: Authority

    def tls(self, name: str, host: str) -> dict[str, Any]:
        """A Secret with a certificate for a host."""
        return tls_secret(self.authority, name, host)


@contextmanager
def surroundings(admin: Admin, kubeconfig: Path, folder: Path) -> Iterator[Surroundings]:
    """Loads the images and starts the provider, in a namespace that is removed again.

    Raises:
        Unavailable: this cluster takes no images of ours, or kubectl is missing.
    """
    program = shutil.which("kubectl")
    if program is None:
        raise Unavailable("the installed servers need kubectl and helm")
    image, services = _loaded_images()
    namespace = f"cnpg-mcp-e2e-idp-{uuid.uuid4().hex[:8]}"
    kubectl = Kubectl(Path(program), kubeconfig, namespace)
    authority = Authority(folder)
    with ExitStack() as stack:
        stack.enter_context(passing_namespace(admin, namespace))
        host = f"idp.{namespace}.test"
        kubectl.apply(tls_secret(authority, TLS_SECRET, host))
        provider = Provider(kubectl, host, services)
        provider.start()
        outside = Outside(_controller(kubectl), authority.path.read_text())
        yield Surroundings(admin, kubectl, image, services, provider, outside, authority)


def tls_secret(authority: Authority, name: str, host: str) -> dict[str, Any]:
    """A Secret with a certificate for a host."""
    pair = authority.issue(host)
    files = {"tls.crt": pair.certificate.read_text(), "tls.key": pair.key.read_text()}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name},
        "type": "kubernetes.io/tls",
        "stringData": files,
    }


def _loaded_images() -> tuple[str, str]:
    """Names of the servers' image and of the services' one, which the cluster has by now."""
    command = os.environ.get(LOAD_IMAGE)
    if not command:
        raise Unavailable(
            f"{LOAD_IMAGE} is not set: the command that loads an image archive into the cluster, "
            "such as `kind load image-archive`"
        )
    try:
        images = built_image(), services_image()
    except NoBuilder as reason:
        raise Unavailable(str(reason)) from None
    for image in images:
        load(command, image)
    return images[0].name, images[1].name


def load(command: str, image: Image) -> None:
    """Loads an image into the cluster."""
    done = subprocess.run(
        [*command.split(), str(image.archive)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _controller(kubectl: Kubectl) -> str:
    """Address of the Ingress controller."""
    given = os.environ.get(INGRESS_ADDRESS)
    if given:
        return given

    def published() -> str:
        status = kubectl.json(f"ingress/{INGRESS}")["status"]
        entries = status.get("loadBalancer", {}).get("ingress") or [{}]
        return str(entries[0].get("ip", ""))

    try:
        return until(published, ADMITTED_SECONDS, "an Ingress controller publishes its address")
    except TimeoutError as error:
        raise Unavailable(f"{error}: install one, or set {INGRESS_ADDRESS}") from None
