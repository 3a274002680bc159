"""What every view shares: lenient parsing of API objects, and object metadata."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel

from cnpg_mcp.domain.quoting import OBJECT_NAME
from cnpg_mcp.kube.objects import KubeObject

_Path = tuple[int | str, ...]


class View(BaseModel):
    """A frozen view of a JSON object: unknown fields are ignored, `null` counts as absent.

    Validators are built when a view is first parsed: tools/list does not wait for them.
    """

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="ignore",
        frozen=True,
        defer_build=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, data: Any) -> Any:  # noqa: ANN401 - pydantic hands over raw input
        if isinstance(data, Mapping):
            return {key: value for key, value in data.items() if value is not None}
        return data

    @classmethod
    def read(cls, value: JsonValue) -> Self:
        """The view of any JSON: what has a shape that the view cannot hold counts as absent.

        Schemas let more through than a view can hold, such as times in the year 0, and one odd
        object must not hide all others.
        """
        while value is not None:
            try:
                return cls.model_validate(value)
            except ValidationError as error:  # what is at fault goes, so this comes to an end
                faults = error.errors(include_url=False, include_context=False, include_input=False)
                value = _without(value, [fault["loc"] for fault in faults])
        return cls.model_validate({})


ObjectName = Annotated[str, Field(pattern=f"^{OBJECT_NAME}$")]
"""A name that the API server has checked; anything else counts as absent."""

LabelValue = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{0,63}$")]
"""A label's value that the API server has checked; anything else counts as absent."""


class FieldsManager(View):
    """One entry of `metadata.managedFields`: who wrote fields of the object."""

    manager: str = ""
    subresource: str = ""

    @property
    def is_persons(self) -> bool:
        """Whether it is neither the operator nor this server that wrote its spec."""
        return not self.subresource and self.manager not in {"", "manager", "cnpg-mcp"}


class OwnerReference(View):
    """One entry of `metadata.ownerReferences`: an object without which this one goes."""

    uid: str = ""
    kind: str = ""
    name: str = ""


class Metadata(View):
    """`metadata` of any object."""

    name: ObjectName = ""
    namespace: ObjectName = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: AwareDatetime | None = None
    deletion_timestamp: AwareDatetime | None = None
    labels: Mapping[str, LabelValue] = Field(default_factory=dict)
    annotations: Mapping[str, str] = Field(default_factory=dict)
    finalizers: tuple[str, ...] = ()
    owner_references: tuple[OwnerReference, ...] = ()
    managed_fields: tuple[FieldsManager, ...] = ()

    @property
    def is_held_by_operator(self) -> bool:
        """Whether CloudNativePG has to let go of the object before it is gone."""
        return any(each.startswith("cnpg.io/") for each in self.finalizers)

    def is_owned_by(self, uid: str) -> bool:
        """Whether the object goes with the one of that uid."""
        return any(owner.uid == uid for owner in self.owner_references)


class ObjectView(View):
    """A view of a whole Kubernetes object."""

    metadata: Metadata = Field(default_factory=Metadata)

    @classmethod
    def parse(cls, obj: KubeObject) -> Self:
        """The view of an object as the API server sent it; see `View.read`."""
        return cls.read(obj)

    @property
    def name(self) -> str:
        """`metadata.name`."""
        return self.metadata.name

    @property
    def namespace(self) -> str:
        """`metadata.namespace`, empty for cluster-scoped objects."""
        return self.metadata.namespace


class Condition(View):
    """One entry of `status.conditions`."""

    type: str = ""
    status: str = "Unknown"
    reason: str = ""
    message: str = ""
    last_transition_time: AwareDatetime | None = None

    @property
    def is_true(self) -> bool:
        """Whether the condition holds; `Unknown` does not."""
        return self.status == "True"


def _without(value: JsonValue, paths: Iterable[_Path]) -> JsonValue:
    """The value without what the paths lead to, `None` when that is all of it.

    A path may lead on where the value ends, since it names the alternatives of a type as well.
    """
    below: dict[int | str, list[_Path]] = {}
    for path in paths:
        if not path or not _has(value, path[0]):
            return None
        below.setdefault(path[0], []).append(path[1:])
    if isinstance(value, dict):
        kept = {
            key: _without(one, below[key]) if key in below else one for key, one in value.items()
        }
        return {key: one for key, one in kept.items() if one is not None}
    if isinstance(value, list):
        each = [_without(one, below.get(at, ())) for at, one in enumerate(value)]
        return [one for one in each if one is not None]
    return value


def _has(value: JsonValue, key: int | str) -> bool:
    if isinstance(value, list):
        return isinstance(key, int) and 0 <= key < len(value)
    return isinstance(value, dict) and key in value
