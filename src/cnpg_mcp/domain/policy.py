"""The limits that settings set and no call can escape."""

from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase

TRUSTED_EXTENSIONS = (
    "bool_plperl",
    "btree_gin",
    "btree_gist",
    "citext",
    "cube",
    "dict_int",
    "fuzzystrmatch",
    "hstore",
    "intarray",
    "isn",
    "jsonb_plperl",
    "lo",
    "ltree",
    "pg_trgm",
    "pgcrypto",
    "plperl",
    "plpgsql",
    "pltcl",
    "seg",
    "tablefunc",
    "tcn",
    "tsm_system_rows",
    "tsm_system_time",
    "unaccent",
    "uuid-ossp",
)
"""What PostgreSQL lets the owner of a database install (`trusted = true` in the control file)."""


@dataclass(frozen=True)
class Policy:
    """What this server refuses whoever asks, and what it takes for ordinary."""

    read_only: bool = False
    allowed_namespaces: tuple[str, ...] = ()
    protected_namespaces: tuple[str, ...] = ()
    backup_max_age: timedelta = timedelta(hours=24)
    allowed_images: tuple[str, ...] = ()
    allowed_extensions: tuple[str, ...] = TRUSTED_EXTENSIONS

    def protects(self, namespace: str) -> bool:
        """Whether nothing in the namespace may be deleted; patterns may hold `*` and `?`."""
        return any(fnmatchcase(namespace, pattern) for pattern in self.protected_namespaces)

    def allows_image(self, image: str) -> bool:
        """Whether an image begins with an allowed prefix, which ends at a `/`, `:` or `@`."""
        return any(_begins(image, prefix) for prefix in self.allowed_images)

    def allows_extension(self, name: str) -> bool:
        """Whether an extension may be installed without an administrator."""
        return name in self.allowed_extensions


def _begins(image: str, prefix: str) -> bool:
    """A prefix `registry.example/team` must not allow `registry.example/team-of-somebody-else`.

    Nor does `registry.example` allow `registry.example:5000/`, which is another registry.
    """
    rest = image.removeprefix(prefix)
    if rest == image:
        return False
    if ":" in {prefix[-1], rest[:1]} and "/" in rest:
        return False
    return not rest or prefix[-1] in "/:@" or rest[0] in "/:@"
