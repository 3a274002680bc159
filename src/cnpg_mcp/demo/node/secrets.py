"""Password Secrets as an instance manager reads them."""

import base64

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.node.world import World

RELOAD_LABEL = "cnpg.io/reload"


class WrongSecret(Exception):
    """A password Secret is missing, or of another user."""

    def __init__(self, message: str, *, other_user: bool = False) -> None:
        super().__init__(message)
        self.other_user = other_user


def password_version(world: World, namespace: str, secret: str, role: str) -> str:
    """The Secret's resourceVersion; raises ``WrongSecret`` where it cannot be used for the role."""
    found = world.store.get("secrets", namespace, secret)
    if found is None:
        raise WrongSecret(f'secrets "{secret}" not found')
    user = (
        base64.b64decode((found.get("data") or {}).get("username", ""))
        .decode(errors="replace")
        .strip()
    )
    if user != role.strip():
        text = f'the username in secret "{secret}" does not match role "{role}"'
        raise WrongSecret(text, other_user=True)
    version: str = found["metadata"]["resourceVersion"]
    return version


def reloads(secret: KubeObject) -> bool:
    """Whether a change of the Secret is taken up by itself."""
    return (secret["metadata"].get("labels") or {}).get(RELOAD_LABEL) == "true"
