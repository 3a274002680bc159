"""Who can sign in, and what each of them may do."""

from dataclasses import dataclass

READ, WRITE, ADMIN = "cnpg:read", "cnpg:write", "cnpg:admin"
PASSWORD = "demo"  # noqa: S105 - everybody's, and shown on the login page
OPENID, OFFLINE = "openid", "offline_access"
API_SCOPES = (READ, WRITE, ADMIN)
SCOPES = (OPENID, OFFLINE, *API_SCOPES)
"""All that the application may ask for."""


@dataclass(frozen=True)
class User:
    """Somebody of the demo. `may` says in a few words what they can do there."""

    name: str
    scopes: tuple[str, ...]
    may: str

    def get_user_id(self) -> str:
        """The claim `sub`."""
        return self.name

    def granted(self, asked: str) -> str:
        """What they are given of the scopes that are asked for, in the order asked."""
        beyond = set(API_SCOPES) - set(self.scopes)
        return " ".join(scope for scope in asked.split() if scope not in beyond)


USERS = {
    user.name: user
    for user in (
        User("reader", (READ,), "look at everything, and see what a change would do"),
        User("writer", (READ, WRITE), "also create, change and scale up"),
        User("admin", API_SCOPES, "also delete, scale down and hand out powers"),
    )
}


def user_with(name: str, password: str) -> User | None:
    """The user who signs in with this name and password."""
    return USERS.get(name) if password == PASSWORD else None
