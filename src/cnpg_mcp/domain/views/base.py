"""What every view shares: lenient parsing of API objects, and object metadata."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from cnpg_mcp.kube.objects import KubeObject


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


class OwnerReference(View):
    """Who owns an object (`metadata.ownerReferences[]`)."""

    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool = False


class Metadata(View):
    """`metadata` of any object."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    labels: Mapping[str, str] = Field(default_factory=dict)
    annotations: Mapping[str, str] = Field(default_factory=dict)
    finalizers: tuple[str, ...] = ()
    owner_references: tuple[OwnerReference, ...] = ()


class ObjectView(View):
    """A view of a whole Kubernetes object."""

    metadata: Metadata = Field(default_factory=Metadata)

    @classmethod
    def parse(cls, obj: KubeObject) -> Self:
        """The view of an object as the API server sent it."""
        return cls.model_validate(obj)

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
    last_transition_time: datetime | None = None

    @property
    def is_true(self) -> bool:
        """Whether the condition holds; `Unknown` does not."""
        return self.status == "True"
