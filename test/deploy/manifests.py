"""The manifests for those who use no Helm: ``make manifests`` writes them from the chart."""

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from test.controlplane.binaries import Unavailable
from test.deploy.valuesets import HOST
from test.helm import Helm, find_helm

ROOT = Path(__file__).parents[2]
HEADER = Path(__file__).parent / "header.txt"
SECRET = "cnpg-mcp"
_OF_HELM = re.compile(r"^ *(helm\.sh/chart|app\.kubernetes\.io/managed-by): .*\n", re.MULTILINE)


@dataclass(frozen=True)
class Manifest:
    """One file at the top of this repository."""

    file: str
    sidecar: bool
    what: str
    keys: tuple[str, ...]
    settings: str
    """The ConfigMaps with the settings."""

    @property
    def path(self) -> Path:
        """Where it is."""
        return ROOT / self.file

    def text(self, helm: Helm) -> str:
        """What the chart gives."""
        values = {
            "ingress": {"host": HOST},
            "keys": {"existingSecret": SECRET},
            "testSidecar": {"enabled": self.sidecar},
        }
        return self._header() + _OF_HELM.sub("", helm.render(values, "--no-hooks"))

    def _header(self) -> str:
        made = [f'#     --from-literal={key}="$(openssl rand -base64 48)"' for key in self.keys]
        return HEADER.read_text().format(
            file=self.file,
            what=self.what,
            keys=" \\\n".join(made),
            host=HOST.replace(".", r"\."),
            settings=self.settings,
        )


PRODUCTION = Manifest(
    file="kubernetes-deployment.yaml",
    sidecar=False,
    what="for production, /mcp alone",
    keys=("OAUTH_SIGNING_KEY", "PLAN_KEY"),
    settings="ConfigMap cnpg-mcp-main",
)
PAIR = Manifest(
    file="kubernetes-deployment-test-sidecar.yaml",
    sidecar=True,
    what="/mcp, and beside it the test server at /test",
    keys=("OAUTH_SIGNING_KEY", "PLAN_KEY", "TEST_PLAN_KEY"),
    settings="ConfigMaps cnpg-mcp-main and cnpg-mcp-test",
)
MANIFESTS = (PRODUCTION, PAIR)


def main() -> None:
    """Writes both."""
    with tempfile.TemporaryDirectory() as home:
        try:
            helm = Helm(find_helm(), Path(home))
        except Unavailable as reason:
            raise SystemExit(str(reason)) from reason
        for manifest in MANIFESTS:
            manifest.path.write_text(manifest.text(helm))


if __name__ == "__main__":
    main()
