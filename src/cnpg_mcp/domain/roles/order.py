"""What is asked of a role: its attributes, checked as far as one can without asking."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime

from pydantic import JsonValue

from cnpg_mcp.domain.marks import digest_of
from cnpg_mcp.domain.names import check_identifier, check_role_name
from cnpg_mcp.errors import ErrorCode, ToolFailure, invalid

POWERS = ("superuser", "createrole", "replication", "bypassrls")
"""Attributes with which a role could do, or make itself able to do, everything."""
FOREVER = "infinity"
_FIRST_YEAR = 1000


@dataclass(frozen=True)
class Attributes:
    """Attributes of a role; `None` leaves one as it is, or as PostgreSQL's default.

    `connection_limit` -1 means no limit, `valid_until` is RFC 3339 or `infinity`.
    """

    login: bool | None = None
    superuser: bool | None = None
    inherit: bool | None = None
    createdb: bool | None = None
    createrole: bool | None = None
    replication: bool | None = None
    bypassrls: bool | None = None
    connection_limit: int | None = None
    valid_until: str | None = None
    comment: str | None = None

    def given(self) -> Mapping[str, JsonValue]:
        """The attributes that are asked for; times in UTC."""
        given = {name: value for name, value in asdict(self).items() if value is not None}
        if self.valid_until is not None:
            given["valid_until"] = normal_time(self.valid_until)
        return given

    def powers(self) -> tuple[str, ...]:
        """The superuser-like attributes that are asked for."""
        return tuple(name for name in POWERS if getattr(self, name))

    def check(self) -> None:
        """Refuses what cannot be right.

        Raises:
            ToolFailure: `invalid`, naming the field.
        """
        if self.valid_until is not None:
            normal_time(self.valid_until)
        if self.comment and "\x00" in self.comment:
            raise invalid("comment", "A comment has no zero byte.", "Take it out.")


@dataclass(frozen=True)
class RoleOrder:
    """A role to be created."""

    cluster_name: str
    name: str
    attributes: Attributes = field(default_factory=Attributes)
    in_roles: tuple[str, ...] = ()

    def arguments(self) -> Mapping[str, JsonValue]:
        """The order as it is confirmed and told apart from others."""
        return {
            "cluster_name": self.cluster_name,
            "role_name": self.name,
            "in_roles": list[JsonValue](sorted(self.in_roles)),
            **self.attributes.given(),
        }

    def digest(self, namespace: str) -> str:
        """What tells an order repeated from another order for the same place."""
        return digest_of(namespace, self.arguments())

    def check(self) -> None:
        """Refuses what cannot be right, before the API server is asked.

        Raises:
            ToolFailure: `invalid`, naming the field.
        """
        check_role_name(self.name)
        self.attributes.check()
        check_memberships(self.name, self.in_roles)


@dataclass(frozen=True)
class RoleChange:
    """What is to become of a role: only what is given changes.

    `in_roles`: true joins a role, false leaves it; all other memberships stay.
    """

    cluster_name: str
    name: str
    attributes: Attributes = field(default_factory=Attributes)
    in_roles: Mapping[str, bool] = field(default_factory=dict)
    rotate_password: bool = False

    def arguments(self) -> Mapping[str, JsonValue]:
        """The order as it is confirmed."""
        return {
            "cluster_name": self.cluster_name,
            "role_name": self.name,
            "in_roles": dict[str, JsonValue](self.in_roles),
            "rotate_password": self.rotate_password,
            **self.attributes.given(),
        }

    def check(self) -> None:
        """Refuses what cannot be right, before the API server is asked.

        Raises:
            ToolFailure: `invalid`, naming the field.
        """
        check_role_name(self.name)
        self.attributes.check()
        check_memberships(self.name, tuple(self.in_roles))
        changes = bool(self.attributes.given() or self.in_roles)
        if self.rotate_password and changes:
            raise invalid(
                "rotate_password",
                "A new password and other changes are two changes: one could fail alone.",
                "Make two calls.",
            )
        if not (changes or self.rotate_password):
            raise _no_change()


def _no_change() -> ToolFailure:
    names = [each.name for each in fields(Attributes)]
    return ToolFailure(
        ErrorCode.INVALID,
        "No argument says what is to change, so nothing was changed.",
        f"Give at least one of {', '.join(names)}, in_roles and rotate_password.",
    )


def is_past(until: str | None, now: datetime) -> bool:
    """Whether a `valid_until` is over."""
    if until is None or normal_time(until) == FOREVER:
        return False
    return datetime.fromisoformat(normal_time(until)) <= now


def normal_time(text: str) -> str:
    """A time as CloudNativePG takes it, in UTC; `infinity` as it is.

    Raises:
        ToolFailure: `invalid`, no RFC 3339 time.
    """
    if text == FOREVER:
        return text
    moment = _utc(text)
    if moment is None:
        raise invalid(
            "valid_until",
            "That is no time with a time zone in the form of RFC 3339.",
            "Write for example 2030-01-31T00:00:00Z, or infinity.",
        )
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _utc(text: str) -> datetime | None:
    """A time in UTC, to the second; `None` for what is none, or no year of four digits."""
    try:
        moment = datetime.fromisoformat(text)
        whole = moment.astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError):
        return None
    return whole if moment.tzinfo is not None and whole.year >= _FIRST_YEAR else None


def check_memberships(name: str, in_roles: tuple[str, ...]) -> None:
    """Refuses memberships that cannot be.

    Raises:
        ToolFailure: `invalid`.
    """
    for group in in_roles:
        check_identifier(group, "in_roles")
    if name in in_roles:
        raise invalid("in_roles", "A role cannot be a member of itself.", "Leave it out.")
    if len(set(in_roles)) != len(in_roles):
        raise invalid("in_roles", "A role is named twice.", "Name each one once.")
