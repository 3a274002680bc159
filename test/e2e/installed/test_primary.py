"""The primary's pod is deleted: no status says healthy while nothing can be written."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from kubernetes.client.exceptions import ApiException

from test.e2e.admin import Admin, CommandFailed
from test.e2e.desk import Data, Desk
from test.e2e.installed.installation import Installation
from test.e2e.room import Room
from test.e2e.waiting import until

NAME = "failing-over"
HEALTHY_SECONDS = 240
_WRITE = "create table if not exists written (); insert into written default values"


@dataclass(frozen=True)
class Served:
    """A cluster as its clients have it: by the endpoints of its -rw Service."""

    admin: Admin
    namespace: str

    @property
    def primary(self) -> str:
        """The primary's pod."""
        return str(self.admin.get("clusters", self.namespace, NAME)["status"]["currentPrimary"])

    def uid(self, pod: str) -> str:
        """Which pod of that name it is."""
        found = self.admin.objects("pods", self.namespace)
        uids = [each["metadata"]["uid"] for each in found if each["metadata"]["name"] == pod]
        return str(uids[0]) if uids else ""

    def takes_writes(self) -> bool:
        """Whether PostgreSQL behind the Service has just written something."""
        addresses = self.admin.endpoints(self.namespace, f"{NAME}-rw")
        pods = self.admin.objects("pods", self.namespace)
        behind = [each for each in pods if each["status"].get("podIP") in addresses]
        return any(self._writes(each["metadata"]["name"]) for each in behind)

    def _writes(self, pod: str) -> bool:
        try:
            self.admin.execute(self.namespace, pod, ["psql", "-v", "ON_ERROR_STOP=1", "-c", _WRITE])
        except (CommandFailed, ApiException):
            return False
        return True


@pytest.fixture
def served(room: Room, running: Installation, desk: Desk) -> Iterator[Served]:
    """A cluster of two, healthy; gone afterwards."""
    desk.ask("create_postgres_cluster", name=NAME, instances=2)
    until(lambda: verdict(desk) == "healthy", HEALTHY_SECONDS, f"{NAME} is healthy")
    yield Served(room.admin, room.namespace)
    room.admin.delete("clusters", room.namespace, NAME)


def test_status_is_true_while_the_primary_is_replaced(served: Served, desk: Desk) -> None:
    pod = served.primary
    before = served.uid(pod)
    served.admin.delete("pods", served.namespace, pod)
    verdicts: list[str] = []

    def whole_again() -> bool:
        written = served.takes_writes()
        verdicts.append(verdict(desk))
        if verdicts[-1] == "healthy":
            assert written or served.takes_writes(), verdicts
        return verdicts[-1] == "healthy" and served.uid(pod) not in {"", before}

    until(whole_again, HEALTHY_SECONDS, f"{NAME} has two instances again")
    assert set(verdicts) > {"healthy"}, "nothing was to be seen"


def verdict(desk: Desk) -> str:
    """What the status says now."""
    found: Data = desk.ask("get_cluster_status", name=NAME).data
    return str(found["verdict"])
