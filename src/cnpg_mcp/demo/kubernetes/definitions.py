"""What is installed into the API server: a kind with its schema, its columns and who admits it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from cnpg_mcp.demo.kinds import Kind, KubeObject
from cnpg_mcp.demo.kubernetes.failures import Cause


class Schema(Protocol):
    """What objects of a kind may look like. Objects are not changed in place."""

    def unknown(self, obj: KubeObject) -> list[str]:
        """Paths of fields that the schema does not know: `spec.instnces`."""

    def pruned(self, obj: KubeObject) -> KubeObject:
        """The object without what the schema does not know."""

    def defaulted(self, obj: KubeObject) -> KubeObject:
        """The object with the schema's defaults."""

    def causes(self, obj: KubeObject, old: KubeObject | None) -> list[Cause]:
        """What is wrong with it: types, bounds, enumerations, required fields, rules."""


@dataclass(frozen=True)
class Column:
    """A print column of a Table. `read` gives the cell of an object."""

    name: str
    type: str
    read: Callable[[KubeObject], object]
    format: str = ""
    description: str = ""
    priority: int = 0
    is_age: bool = False
    """Whether a time is shown as how long ago it was, as columns of type `date` are."""


@dataclass(frozen=True)
class Admitted:
    """An object as its webhooks leave it, and their warnings."""

    object: KubeObject
    warnings: tuple[str, ...] = ()


class Admission(Protocol):
    """Mutating and validating webhooks of a kind, together."""

    def admit(self, kind: Kind, new: KubeObject, old: KubeObject | None) -> Admitted:
        """The object as it will be stored; `old` is what is stored now, where it is an update.

        Raises:
            Failure: refused, or nobody answers.
        """


@dataclass(frozen=True)
class Definition:
    """A kind as the API server serves it. Without a schema anything is accepted."""

    kind: Kind
    schema: Schema | None = None
    columns: tuple[Column, ...] = ()
    admission: Admission | None = None
    short_names: tuple[str, ...] = ()
    selectable: Mapping[str, Callable[[KubeObject], str]] = field(default_factory=dict)
    """Field selectors beside name and namespace."""
    has_status: bool = True
    custom: bool = True
    """Whether it is served as custom kinds are: schemas say 422, and unknown paths are no API."""
    counted: bool = True
    """Whether objects have a generation."""
