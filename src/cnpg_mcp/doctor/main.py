"""The console script `cnpg-mcp-doctor`."""

import asyncio
import functools
import sys

from cnpg_mcp.doctor import command, telling
from cnpg_mcp.doctor.command import Command
from cnpg_mcp.doctor.examination import examine
from cnpg_mcp.doctor.findings import Report
from cnpg_mcp.doctor.inside import checks as inside
from cnpg_mcp.doctor.inside import kinds
from cnpg_mcp.doctor.inside.place import Place
from cnpg_mcp.doctor.outside import checks as outside
from cnpg_mcp.doctor.outside.visit import Visit
from cnpg_mcp.doctor.probe import Probe
from cnpg_mcp.kube.connection import ConnectionSource, connect
from cnpg_mcp.kube.transport import Transport
from cnpg_mcp.settings import Settings, SettingsError, load_settings


def main(arguments: list[str] | None = None) -> int:
    """Looks, tells, and says by its exit status whether there are errors."""
    try:
        settings, refusal = load_settings(), ""
    except SettingsError as error:
        settings, refusal = None, str(error)
    asked = command.parse(arguments, settings.public_url if settings else None)
    return asyncio.run(_look(asked, settings, refusal))


async def _look(asked: Command, settings: Settings | None, refusal: str) -> int:
    reports: dict[str, Report] = {}
    changed: list[str] = []
    if asked.outside and asked.url:
        reports[f"outside {asked.url}"], changed = await _outside(asked.url)
    if asked.inside:
        report = await _inside(settings, asked.url) if settings else _refused(refusal)
        reports["inside"] = report
    told = (
        telling.as_json(reports, changed, asked.url)
        if asked.as_json
        else telling.as_text(reports, changed)
    )
    sys.stdout.write(told)
    return max(report.exit_status for report in reports.values())


async def _outside(url: str) -> tuple[Report, list[str]]:
    async with Probe() as probe:
        visit = Visit(url, probe)
        return await examine(outside.CHECKS, visit), visit.changed


async def _inside(settings: Settings, url: str | None) -> Report:
    source = ConnectionSource(settings.kubeconfig, settings.kube_context)
    connector = functools.partial(connect, source)
    transport = Transport(connector, deadline=settings.kube_timeout)
    async with Probe() as probe:
        place = Place(settings, transport, probe, url)
        try:
            report = await examine(inside.KUBERNETES, place)
            return await examine(inside.OTHERS, place, report)
        finally:
            await transport.close()


def _refused(refusal: str) -> Report:
    report = Report()
    report.add(kinds.SETTINGS_REFUSED.found(refusal))
    return report


if __name__ == "__main__":
    sys.exit(main())
