"""What Helm has rendered, taken apart."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import yaml

from cnpg_mcp.demo.kinds import KubeObject

MAIN, TEST = "mcp-server", "mcp-test-sidecar"
HOOK = "helm.sh/hook"


_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Strict(_Loader):
    """Refuses a name that stands twice in a mapping: Helm and kubectl treat it differently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> Any:
        names = [key.value for key, _ in node.value]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise yaml.constructor.ConstructorError(None, None, f"twice: {twice}", node.start_mark)
        return super().construct_mapping(node, deep=deep)


@dataclass(frozen=True)
class Document:
    """One object, as text and as data."""

    text: str
    body: KubeObject


@dataclass(frozen=True)
class Rendered:
    """The objects of one render."""

    documents: tuple[Document, ...]

    @classmethod
    def of(cls, text: str) -> Self:
        """The objects of what Helm printed."""
        parts = (part for part in f"\n{text}".split("\n---\n") if part.strip())
        pairs = ((part, yaml.load(part, Loader=_Strict)) for part in parts)  # noqa: S506 - a safe one
        return cls(tuple(Document(part, body) for part, body in pairs if body))

    @property
    def objects(self) -> list[KubeObject]:
        """All of them."""
        return [document.body for document in self.documents]

    @property
    def names(self) -> list[tuple[str, str]]:
        """Kind and name of each."""
        return [(body["kind"], body["metadata"]["name"]) for body in self.objects]

    def kind(self, kind: str) -> list[KubeObject]:
        """The objects of a kind."""
        return [body for body in self.objects if body["kind"] == kind]

    def one(self, kind: str, name: str | None = None) -> KubeObject:
        """The only object of a kind, or the only one of that name."""
        (found,) = [body for body in self.kind(kind) if name in {None, body["metadata"]["name"]}]
        return found

    @property
    def deployment(self) -> KubeObject:
        """What runs."""
        return self.one("Deployment")

    @property
    def pod(self) -> KubeObject:
        """The template of its pods."""
        return self.deployment["spec"]["template"]

    @property
    def containers(self) -> dict[str, KubeObject]:
        """The pod's containers by name."""
        return {each["name"]: each for each in self.pod["spec"]["containers"]}

    def variables(self, container: str) -> dict[str, KubeObject]:
        """The variables of a container that do not come from its ConfigMap."""
        return {each["name"]: each for each in self.containers[container]["env"]}

    def settings(self, name: str) -> dict[str, str]:
        """A ConfigMap's settings."""
        return self.one("ConfigMap", name)["data"]

    @property
    def doctors(self) -> list[KubeObject]:
        """The pods of `helm test`."""
        return [body for body in self.kind("Pod") if HOOK in body["metadata"]["annotations"]]

    @property
    def pod_specs(self) -> list[KubeObject]:
        """What every pod is made of."""
        return [self.pod["spec"], *(doctor["spec"] for doctor in self.doctors)]

    @property
    def paths(self) -> Iterator[tuple[str, str, str, int]]:
        """Path, type, Service and port of everything that the Ingress serves."""
        for rule in self.one("Ingress")["spec"]["rules"]:
            for each in rule["http"]["paths"]:
                service = each["backend"]["service"]
                yield each["path"], each["pathType"], service["name"], service["port"]["number"]
