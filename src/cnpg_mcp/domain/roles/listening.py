"""What the operator reports on an inline role after a write, and what that proves."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.marks import TOUCHED_AT
from cnpg_mcp.domain.quoting import quoted
from cnpg_mcp.domain.resources import CLUSTERS
from cnpg_mcp.domain.results import DeclaredState
from cnpg_mcp.domain.roles.secret import read_secret
from cnpg_mcp.domain.roles.stores import Purpose, RoleSight, Written
from cnpg_mcp.domain.views.cluster import Cluster
from cnpg_mcp.domain.views.declarative import RoleReport
from cnpg_mcp.domain.waiting import Sight
from cnpg_mcp.kube.errors import Forbidden, Gone

_LOOK_SECONDS = 1
_QUIET_LOOKS = 3
"""Seconds without news after which the operator has looked again, or needs a nudge."""


@dataclass
class Listener:
    """Reads one report of the Cluster after the other, from a write on.

    The status carries no generation: right after a write it still tells of the time before. Only
    news of the role tell of the write, and for a role that was pending already not even these: the
    pass before may have ended. Then, and when there are no news, any change of the Cluster makes
    the operator look again; what stays so after that is so.
    """

    estate: Estate
    namespace: str
    cluster_name: str
    written: Written
    purpose: Purpose
    _latest: Cluster | None = None
    _since: str = ""
    _known: RoleReport | None = None
    _is_heard: bool = False
    _is_answered: bool = False
    """Whether the operator has said anything new of the role since the write."""
    _is_touched: bool = False
    _quiet_looks: int = 0

    async def look(self) -> Sight[RoleSight]:
        """What is known by now."""
        await self._listen()
        seen = await self._judged()
        if not self._is_heard and not (seen.proven and self.purpose is Purpose.ROTATED):
            seen = RoleSight(self._under_way)
        elif seen.message is not None and self._may_pass(seen.message):
            seen = replace(seen, state=self._under_way)
        elif seen.message is not None:
            seen = replace(seen, refused=True)
        is_unclear = self._is_answered and not self._is_heard
        needs_nudge = is_unclear or self._quiet_looks >= _QUIET_LOOKS
        if not seen.settled and needs_nudge and not self._is_touched:
            await self._touch()
            # A failure that may pass counts only when it is told again.
            self._is_heard = self._is_heard and seen.message is None
        told = f"operator says {quoted(seen.message)}" if seen.message else seen.state.value
        return Sight(seen, seen.settled, told)

    @property
    def _under_way(self) -> DeclaredState:
        dropping = self.purpose is Purpose.DROPPED
        return DeclaredState.DROPPING if dropping else DeclaredState.IN_PROGRESS

    def _may_pass(self, message: str) -> bool:
        """Whether the instance may only not have been let at the Secret yet.

        The operator grants that beside the instance's first try, which nobody repeats: the touch
        does.
        """
        secret = self.written.secret
        return secret is not None and secret in message and not self._is_touched

    async def _listen(self) -> None:
        before, has_news = self._known or self.written.report, False
        for cluster in await self._reports():
            self._since, self._latest = cluster.metadata.resource_version, cluster
            report = cluster.status.managed_roles_status.report_on(self.written.name)
            if report != before:
                has_news, before = True, report
                self._is_answered = True
        self._known = before
        if has_news and (self._is_touched or not self.written.report.pending):
            self._is_heard = True
        self._quiet_looks = 0 if has_news else self._quiet_looks + 1
        if self._quiet_looks >= _QUIET_LOOKS and (self.written.asked_before or self._is_settling):
            self._is_heard = True
            self._latest = self._latest or await self._read()

    @property
    def _is_settling(self) -> bool:
        """Whether the operator has looked again after it had spoken since the write."""
        return self._is_touched and self._is_answered

    async def _reports(self) -> Sequence[Cluster]:
        """What the Cluster has looked like since; only its present state where no more is told."""
        kube, since = self.estate.kube, self._since or self.written.version
        try:
            found = await kube.history(
                CLUSTERS, self.namespace, self.cluster_name, since, seconds=_LOOK_SECONDS
            )
        except (Forbidden, Gone):
            now = await self._read()
            return [] if now.metadata.resource_version == since else [now]
        return [Cluster.parse(each) for each in found]

    async def _judged(self) -> RoleSight:
        """What the latest report says."""
        if self._latest is None:
            return RoleSight(self._under_way)
        status, name = self._latest.status.managed_roles_status, self.written.name
        if name in status.reconciled:
            if self.purpose is Purpose.DROPPED:
                return RoleSight(DeclaredState.DROPPED, proven=True)
            return RoleSight(DeclaredState.APPLIED, proven=await self._has_password(self._latest))
        if errors := status.errors_of(name):
            dropping = self.purpose is Purpose.DROPPED
            state = DeclaredState.DROPPING if dropping else DeclaredState.FAILED
            return RoleSight(state, message="; ".join(errors))
        return RoleSight(self._under_way)

    async def _has_password(self, cluster: Cluster) -> bool:
        """Whether the operator has applied the Secret as it is now."""
        secret = await read_secret(self.estate, self.namespace, self.written.secret)
        if secret is None:
            return self.written.secret is None
        status = cluster.status.managed_roles_status
        applied = status.password_status.get(self.written.name)
        return applied is not None and applied.resource_version == secret.metadata.resource_version

    async def _touch(self) -> None:
        touch = {"metadata": {"annotations": {TOUCHED_AT: self.estate.now().isoformat()}}}
        kube = self.estate.kube
        touched = await kube.patch(CLUSTERS, self.namespace, self.cluster_name, touch)
        self._is_touched, self._quiet_looks = True, 0
        self._since = Cluster.parse(touched.object).metadata.resource_version

    async def _read(self) -> Cluster:
        return Cluster.parse(
            await self.estate.kube.get(CLUSTERS, self.namespace, self.cluster_name)
        )
