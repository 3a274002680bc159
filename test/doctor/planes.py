"""Control planes that lack something."""

from test.contract.backend import PlaneWithoutCloudNativePG
from test.controlplane import installation
from test.controlplane.plane import Plane

__all__ = ["PlaneWithoutCloudNativePG", "PlaneWithoutDatabaseRoles"]
DATABASE_ROLES = "databaseroles"


class PlaneWithoutDatabaseRoles(Plane):
    """A control plane that has the kinds of an older CloudNativePG, and an operator in view."""

    def _install(self) -> None:
        crds = installation.read_crds(self.binaries.crds)
        older = [crd for crd in crds if crd["spec"]["names"]["plural"] != DATABASE_ROLES]
        self._loop.run(installation.install_crds(self._api, older))
        self._loop.run(installation.install_surroundings(self._api))

    def show_operator(self, *, running: bool) -> None:
        """Shows the operator's Deployment, with or without a ready pod."""
        self._show_operator(running=running)
