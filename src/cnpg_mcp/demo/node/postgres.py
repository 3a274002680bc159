"""A small model of one PostgreSQL cluster: roles, databases and who owns what."""

import random
from dataclasses import dataclass, field
from typing import Any

OPERATOR_ROLES = ("postgres", "streaming_replica", "cnpg_metrics_exporter")
_PREDEFINED = {
    "pg_checkpoint": 15,
    "pg_create_subscription": 16,
    "pg_database_owner": 14,
    "pg_execute_server_program": 11,
    "pg_maintain": 17,
    "pg_monitor": 10,
    "pg_read_all_data": 14,
    "pg_read_all_settings": 10,
    "pg_read_all_stats": 10,
    "pg_read_server_files": 11,
    "pg_signal_autovacuum_worker": 18,
    "pg_signal_backend": 10,
    "pg_stat_scan_tables": 10,
    "pg_use_reserved_connections": 16,
    "pg_write_all_data": 14,
    "pg_write_server_files": 11,
}
"""The predefined roles, each with the first major version that has it."""
PREDEFINED_ROLES = tuple(_PREDEFINED)
_EXTENSIONS = (
    "amcheck autoinc bloom btree_gin btree_gist citext cube dblink dict_int dict_xsyn earthdistance"
    " file_fdw fuzzystrmatch hstore insert_username intagg intarray isn lo ltree moddatetime"
    " pageinspect pg_buffercache pg_freespacemap pg_prewarm pg_stat_statements pg_trgm"
    " pg_visibility pgcrypto pgrowlocks pgstattuple plpgsql postgres_fdw refint seg sslinfo"
    " tablefunc tcn tsm_system_rows tsm_system_time unaccent uuid-ossp xml2"
)
"""What PostgreSQL ships in every version; the languages but one are packages of their own."""
_NEWER_EXTENSIONS = {"pg_surgery": 14, "pg_walinspect": 15, "pg_logicalinspect": 18}
_GONE_EXTENSIONS = {"adminpack": 16, "old_snapshot": 16}
"""The last major version that has it."""
_OF_THE_IMAGES = ("pgaudit", "vector")
NEWEST = 18
RESERVED_NAMES = ("public", "none")
MAX_NAME_BYTES = 63


def predefined_roles(major: int) -> list[str]:
    """The predefined roles of a major version."""
    return [name for name, since in _PREDEFINED.items() if since <= major]


def available_extensions(major: int) -> set[str]:
    """The extensions that the images of a major version have."""
    newer = {name for name, since in _NEWER_EXTENSIONS.items() if since <= major}
    older = {name for name, until in _GONE_EXTENSIONS.items() if major <= until}
    return {*_EXTENSIONS.split(), *_OF_THE_IMAGES, *newer, *older}


class PgError(Exception):
    """An error of PostgreSQL. ``detail`` is what it says beside the message."""

    def __init__(self, message: str, sqlstate: str, detail: str = "") -> None:
        self.message = message
        self.sqlstate = sqlstate
        self.detail = detail
        super().__init__(f"ERROR: {message} (SQLSTATE {sqlstate})")


@dataclass
class Role:
    """A role: its attributes as last written, and the version of the password's Secret."""

    name: str
    attributes: dict[str, Any] = field(default_factory=dict)
    password_version: str = ""

    @property
    def member_of(self) -> list[str]:
        """The roles this one is a member of."""
        return list(self.attributes.get("inRoles") or [])


@dataclass
class Database:
    """A database. ``sessions`` counts connections that keep it from being dropped."""

    name: str
    owner: str
    extensions: dict[str, str] = field(default_factory=dict)
    schemas: dict[str, str] = field(default_factory=dict)
    sessions: int = 0


def cut(name: str) -> str:
    """The name as PostgreSQL keeps it: at most 63 bytes."""
    return name.encode()[:MAX_NAME_BYTES].decode(errors="ignore")


@dataclass
class Postgres:
    """Everything in one cluster. Tests read it as the judge, and may change it by hand (drift)."""

    roles: dict[str, Role] = field(default_factory=dict)
    databases: dict[str, Database] = field(default_factory=dict)
    owned_objects: dict[str, str] = field(default_factory=dict)
    """Role name to a text naming what else it owns (``table orders``); such a role stays."""
    timeline: int = 1
    major: int = NEWEST
    system_id: str = field(default_factory=lambda: str(random.randrange(10**17, 10**18)))  # noqa: S311 - no secret

    @classmethod
    def bootstrapped(cls, spec: dict[str, Any], major: int = NEWEST) -> "Postgres":
        """A new cluster, as initdb and the operator leave it."""
        made = cls(major=major)
        for name in (*OPERATOR_ROLES, *predefined_roles(made.major)):
            made.roles[name] = Role(name)
        for name in ("postgres", "template0", "template1"):
            made.databases[name] = Database(name, "postgres")
        initdb = (spec.get("bootstrap") or {}).get("initdb") or {}
        if initdb.get("database"):
            owner = initdb.get("owner") or initdb["database"]
            made.roles[owner] = Role(owner, {"login": True})
            made.databases[initdb["database"]] = Database(initdb["database"], owner)
        return made

    def upgrade(self, major: int) -> None:
        """Takes over what a newer major version brings."""
        if major > self.major:
            self.major = major
            for name in predefined_roles(major):
                self.roles.setdefault(name, Role(name))

    # --- roles ---

    def apply_role(self, name: str, attributes: dict[str, Any], password_version: str) -> None:
        """Creates the role or sets all its attributes; a password survives when none is given."""
        if name in RESERVED_NAMES:
            raise PgError(f'role name "{name}" is reserved', "42939")
        for group in attributes.get("inRoles") or []:
            self._need_role(group)
        if (attributes.get("connectionLimit") or -1) < -1:
            limit = attributes["connectionLimit"]
            raise PgError(f"invalid connection limit: {limit}", "22023")
        known = self.roles.get(cut(name))
        kept = known.password_version if known else ""
        self.roles[cut(name)] = Role(cut(name), dict(attributes), password_version or kept)

    def drop_role(self, name: str) -> None:
        """Drops the role where it owns nothing; open sessions do not matter."""
        if cut(name) not in self.roles:
            return
        detail = self._owned_by(name)
        if detail:
            message = f'role "{name}" cannot be dropped because some objects depend on it'
            raise PgError(message, "2BP01", detail)
        del self.roles[cut(name)]

    def _owned_by(self, role: str) -> str:
        for database in self.databases.values():
            if database.owner == role:
                return f"owner of database {database.name}"
            if role in database.schemas.values():
                return f"1 object in database {database.name}"
        return f"owner of {self.owned_objects[role]}" if role in self.owned_objects else ""

    def _need_role(self, name: str) -> None:
        if name not in self.roles:
            raise PgError(f'role "{name}" does not exist', "42704")

    # --- databases ---

    def apply_database(self, name: str, owner: str) -> Database:
        """Creates the database or gives it to the owner."""
        self._need_role(owner)
        database = self.databases.setdefault(cut(name), Database(cut(name), owner))
        database.owner = owner
        return database

    def drop_database(self, name: str) -> None:
        """Drops the database where nobody is connected; harmless when it is gone."""
        database = self.databases.get(cut(name))
        if database and database.sessions:
            message = f'database "{name}" is being accessed by other users'
            raise PgError(message, "55006")
        self.databases.pop(cut(name), None)

    def apply_schema(self, database: str, spec: dict[str, Any]) -> None:
        """One entry of a Database's ``schemas``."""
        schemas = self.databases[cut(database)].schemas
        if spec.get("ensure") == "absent":
            schemas.pop(spec["name"], None)
            return
        owner = spec.get("owner") or "postgres"
        self._need_role(owner)
        schemas[spec["name"]] = owner

    def apply_extension(self, database: str, spec: dict[str, Any]) -> None:
        """One entry of a Database's ``extensions``."""
        name, target = spec["name"], self.databases[cut(database)]
        if spec.get("ensure") == "absent":
            target.extensions.pop(name, None)
            return
        if name not in available_extensions(self.major):
            raise PgError(f'extension "{name}" is not available', "0A000")
        schema = spec.get("schema")
        if schema and schema != "public" and schema not in target.schemas:
            raise PgError(f'schema "{schema}" does not exist', "3F000")
        target.extensions[name] = spec.get("version") or "1.0"
