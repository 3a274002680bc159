"""The Secret with a role's password: made, given a new password, removed; its values never read."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass

from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.marks import CREATED_BY, OURS, is_ours
from cnpg_mcp.domain.outcomes import SecretRef
from cnpg_mcp.domain.passwords import new_password
from cnpg_mcp.domain.resources import SECRETS
from cnpg_mcp.domain.views.base import Metadata, ObjectView
from cnpg_mcp.kube.client import Preconditions
from cnpg_mcp.kube.errors import AlreadyExists, Conflict, KubeError, NotFound
from cnpg_mcp.kube.objects import KubeObject, Resource

KEYS = ("username", "password")
RELOAD = "cnpg.io/reload"
"""Label (an annotation would do nothing) that makes the operator take up changes at once."""
CLUSTER = "cnpg.io/cluster"
MADE_IN = "cnpg-mcp.io/call"
"""Annotation that tells which call made a Secret, so that a failing one removes only its own."""


@dataclass(frozen=True)
class Owner:
    """The object with which a Secret goes."""

    resource: Resource
    metadata: Metadata

    def reference(self) -> Mapping[str, str]:
        """As an entry of `metadata.ownerReferences`."""
        return {
            "apiVersion": self.resource.api_version,
            "kind": self.resource.kind,
            "name": self.metadata.name,
            "uid": self.metadata.uid,
        }


@dataclass(frozen=True)
class RoleSecret:
    """The Secret of one role, as far as its metadata tells."""

    metadata: Metadata

    @property
    def name(self) -> str:
        """Its name."""
        return self.metadata.name

    @property
    def is_ours(self) -> bool:
        """Whether this server made it."""
        return is_ours(self.metadata)

    def ref(self) -> SecretRef:
        """How an answer names it."""
        return SecretRef(namespace=self.metadata.namespace, name=self.name, keys=KEYS)


async def read_secret(estate: Estate, namespace: str, name: str | None) -> RoleSecret | None:
    """A Secret's metadata; `None` when there is none of that name."""
    if not name:
        return None
    try:
        found = await estate.kube.get(SECRETS, namespace, name)
    except NotFound:
        return None
    return RoleSecret(ObjectView.parse(found).metadata)


@dataclass
class NewSecret:
    """A Secret on its way into being: whoever makes it can take it back."""

    estate: Estate
    namespace: str
    cluster: str
    role: str
    name: str
    call: str
    made: RoleSecret | None = None

    async def check(self) -> None:
        """Has the API server check it; nothing is stored."""
        body = self._body("", None)
        with contextlib.suppress(AlreadyExists):  # then another name is taken
            await self.estate.kube.create(SECRETS, self.namespace, body, dry_run=True)

    async def make(self, owner: Owner | None = None) -> RoleSecret:
        """Stores it with a new password; under another name where the usual one is taken."""
        try:
            written = await self._create(owner)
        except AlreadyExists:
            self.name = f"{self.name}-{self.call[:8]}"
            written = await self._create(owner)
        self.made = RoleSecret(ObjectView.parse(written).metadata)
        self.estate.journal.touches("Secret", self.namespace, self.name, self.made.metadata.uid)
        return self.made

    async def take_back(self) -> bool:
        """Removes it if this call made it; false where it may be left.

        Looks first, since the fate of its making may be unknown.
        """
        try:
            found = await read_secret(self.estate, self.namespace, self.name)
            if found is not None and found.metadata.annotations.get(MADE_IN) == self.call:
                await remove_secret(self.estate, found)
        except KubeError:
            return False
        return True

    async def _create(self, owner: Owner | None) -> KubeObject:
        body = self._body(new_password(), owner)
        return (await self.estate.kube.create(SECRETS, self.namespace, body)).object

    def _body(self, password: str, owner: Owner | None) -> KubeObject:
        metadata: KubeObject = {
            "name": self.name,
            "namespace": self.namespace,
            "labels": {RELOAD: "true", CLUSTER: self.cluster},
            "annotations": {CREATED_BY: OURS, MADE_IN: self.call},
        }
        if owner is not None:
            metadata["ownerReferences"] = [owner.reference()]
        return {
            "apiVersion": SECRETS.api_version,
            "kind": SECRETS.kind,
            "metadata": metadata,
            "type": "kubernetes.io/basic-auth",
            "stringData": {"username": self.role, "password": password},
        }


async def give_to(estate: Estate, secret: RoleSecret, owner: Owner) -> None:
    """Lets a Secret go with an object; without it the Secret is removed by hand."""
    patch = {"metadata": {"ownerReferences": [owner.reference()]}}
    with contextlib.suppress(KubeError):
        await estate.kube.patch(SECRETS, secret.metadata.namespace, secret.name, patch)


async def rotate_secret(estate: Estate, secret: RoleSecret, *, dry_run: bool = False) -> None:
    """Puts a new password into a Secret that is still as it was read.

    Raises:
        Conflict: it has been changed since.
    """
    patch = {
        "metadata": {
            "resourceVersion": secret.metadata.resource_version,
            "labels": {RELOAD: "true"},
        },
        "stringData": {"password": new_password()},
    }
    namespace, name = secret.metadata.namespace, secret.name
    await estate.kube.patch(SECRETS, namespace, name, patch, dry_run=dry_run)
    if not dry_run:
        estate.journal.touches("Secret", namespace, name, secret.metadata.uid)


async def remove_secret(estate: Estate, secret: RoleSecret) -> None:
    """Removes a Secret if it still is the one that was read; one that is gone is fine."""
    metadata = secret.metadata
    only_this = Preconditions(metadata.uid)
    with contextlib.suppress(NotFound, Conflict):  # another one of that name is not ours to remove
        await estate.kube.delete(SECRETS, metadata.namespace, secret.name, only_this)
