"""What is asked when a database is to be created or dropped, checked before anything is asked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from pydantic import JsonValue

from cnpg_mcp.domain.marks import digest_of
from cnpg_mcp.domain.names import check_database_name, check_identifier, check_role_name
from cnpg_mcp.domain.quoting import quoted
from cnpg_mcp.errors import invalid

_RESERVED_SCHEMA = re.compile(r"(pg_.*|public|information_schema)", re.DOTALL)
_EXTENSION = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,62}")
_NO_CONNECTION = re.compile(r"[\s\\]|^'")
"""What CNPG 1.30 puts into a connection string unquoted, and PostgreSQL's parser stumbles over."""
_PLAIN = re.compile(r"[A-Za-z0-9_.@-]{1,63}")


class ReclaimPolicy(StrEnum):
    """What becomes of the database when its object is deleted."""

    RETAIN = "retain"
    DELETE = "delete"


@dataclass(frozen=True)
class DatabaseOrder:
    """The arguments that define a database."""

    cluster_name: str
    name: str
    owner: str
    reclaim_policy: ReclaimPolicy = ReclaimPolicy.RETAIN
    extensions: tuple[str, ...] = ()
    schemas: tuple[str, ...] = ()
    encoding: str | None = None
    locale: str | None = None

    def arguments(self) -> Mapping[str, JsonValue]:
        """The order as it is confirmed and told apart from others."""
        return {
            "cluster_name": self.cluster_name,
            "database_name": self.name,
            "owner": self.owner,
            "reclaim_policy": self.reclaim_policy.value,
            "extensions": list[JsonValue](sorted(self.extensions)),
            "schemas": list[JsonValue](sorted(self.schemas)),
            "encoding": self.encoding,
            "locale": self.locale,
        }

    def in_words(self) -> str:
        """What would be created, for the people who decide."""
        parts = [
            f"owner {quoted(self.owner)}",
            f"extensions {_listed(self.extensions)}" if self.extensions else "",
            f"schemas {_listed(self.schemas)}" if self.schemas else "",
            f"encoding {self.encoding}" if self.encoding else "",
            f"locale {self.locale}" if self.locale else "",
            f"on delete: {self.reclaim_policy.value}",
        ]
        return "; ".join(part for part in parts if part)

    def digest(self, namespace: str) -> str:
        """What tells an order repeated from another order for the same place."""
        return digest_of(namespace, self.arguments())

    def check(self) -> None:
        """Refuses what cannot be right, before the API server is asked.

        Raises:
            ToolFailure: `invalid`, naming the field.
        """
        check_database_name(self.name)
        check_role_name(self.owner, "owner")
        for extension in self.extensions:
            _check_form(extension, _EXTENSION, "extensions", "pg_trgm")
        for schema in self.schemas:
            _check_schema(schema)
        _check_once(self.extensions, "extensions")
        _check_once(self.schemas, "schemas")
        if (self.extensions or self.schemas) and _NO_CONNECTION.search(self.name):
            raise invalid(
                "database_name",
                "CloudNativePG cannot connect to a database whose name has white space or a "
                "backslash, or begins with a quote: it would make no extension or schema there.",
                "Choose another name, or leave extensions and schemas out.",
            )
        if self.encoding is not None:
            _check_form(self.encoding, _PLAIN, "encoding", "UTF8")
        if self.locale is not None:
            _check_form(self.locale, _PLAIN, "locale", "C")


@dataclass(frozen=True)
class DatabaseDrop:
    """Which database to drop; with `retain` only its object goes."""

    cluster_name: str
    name: str
    reclaim_policy: ReclaimPolicy = ReclaimPolicy.DELETE

    @property
    def keeps_data(self) -> bool:
        """Whether the database itself stays."""
        return self.reclaim_policy is ReclaimPolicy.RETAIN

    def arguments(self) -> Mapping[str, JsonValue]:
        """The order as it is confirmed."""
        return {
            "cluster_name": self.cluster_name,
            "database_name": self.name,
            "reclaim_policy": self.reclaim_policy.value,
        }


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(map(quoted, names))


def _check_form(text: str, form: re.Pattern[str], field: str, example: str) -> None:
    if not form.fullmatch(text):
        raise invalid(field, "That is no usable name.", f"Write for example {example}.")


def _check_schema(schema: str) -> None:
    check_identifier(schema, "schemas")
    if _RESERVED_SCHEMA.fullmatch(schema):
        raise invalid(
            "schemas",
            "public, information_schema and all that begins with pg_ belong to PostgreSQL.",
            "Leave it out, or choose another name.",
        )


def _check_once(names: tuple[str, ...], field: str) -> None:
    if len(set(names)) != len(names):
        raise invalid(field, "A name is given twice.", "Give each one once.")
