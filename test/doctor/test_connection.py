"""Whether the address is reached: names, certificates, ports."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from cnpg_mcp.doctor.findings import Severity
from test.doctor.certificates import Authority, Pair
from test.doctor.conftest import look
from test.doctor.planted import HOST, Planted
from test.doctor.served import Served, Way
from test.doctor.test_outside import faults, notes

CERTIFICATES: dict[str, tuple[dict[str, Any], str]] = {
    "expired": ({"until": timedelta(days=-1)}, "certificate-expired"),
    "not yet valid": ({"since": timedelta(days=1)}, "certificate-expired"),
    "self-signed": ({"self_signed": True}, "certificate-untrusted"),
    "of another host": ({"host": "other.example"}, "certificate-name"),
    "ending": ({"until": timedelta(days=5)}, "certificate-ending"),
}


@contextmanager
def served(planted: Planted, authority: Authority, way: Way, pair: Pair) -> Iterator[Way]:
    """The planted server with another certificate."""
    with Served(planted, pair) as encrypted:
        yield Way({**way.ports, "https": encrypted.port}, authority.path)


@pytest.mark.parametrize("name", CERTIFICATES)
async def test_bad_certificate_is_found_alone(
    planted: Planted, authority: Authority, way: Way, name: str
) -> None:
    options, code = CERTIFICATES[name]
    pair = authority.issue(**{"host": HOST, **options})
    with served(planted, authority, way, pair) as there:
        report, _ = await look(there)
    assert faults(report) == [code]


async def test_certificate_of_a_week_is_not_ending_at_its_half(
    planted: Planted, authority: Authority, way: Way
) -> None:
    days = timedelta(days=3)
    pair = authority.issue(HOST, since=-days, until=days)
    with served(planted, authority, way, pair) as there:
        report, _ = await look(there)
    assert faults(report) == []


async def test_port_without_tls_is_told_from_a_closed_one(planted: Planted, way: Way) -> None:
    report, _ = await look(Way({"https": way.ports["http"]}))
    assert faults(report) == ["tls-failed"]


async def test_closed_port_ends_the_visit(planted: Planted) -> None:
    report, _ = await look(Way({}))
    assert faults(report) == ["unreachable"]
    assert report.of(Severity.OK) == []


async def test_unknown_host_ends_the_visit(planted: Planted) -> None:
    async def nowhere(_: str) -> list[str]:
        return []

    report, _ = await look(Way({}), resolve=nowhere)
    assert faults(report) == ["address-unknown"]


async def test_private_address_is_found(planted: Planted, way: Way) -> None:
    async def inside(_: str) -> list[str]:
        return ["10.1.2.3", "fd00::1"]

    report, _ = await look(way, resolve=inside)
    assert faults(report) == ["address-private"]


async def test_public_http_is_found(planted: Planted, way: Way) -> None:
    planted.plain = planted.front
    planted.believe(f"http://{HOST}")
    planted.origins = {f"http://{HOST}"}
    report, _ = await look(way, f"http://{HOST}")
    assert faults(report) == ["plain-http"]


async def test_loopback_may_be_http_and_is_noted(planted: Planted, way: Way) -> None:
    base = f"http://127.0.0.1:{way.ports['http']}"
    planted.plain = planted.front
    planted.believe(base)
    planted.origins = {base}
    planted.routed |= {"/healthz"}
    report, _ = await look(way, base)
    assert faults(report) == []
    assert "loopback" in notes(report)
