"""`test-mcp.py`: from options to an honest exit status."""

import asyncio
import logging
import signal
import sys
import tempfile
import warnings
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any, TextIO

from fastmcp import Client
from fastmcp.client.auth.bearer import BearerAuth

from test.tools.check import protocol, reading, tools, writing
from test.tools.check.cleanup import clean_up
from test.tools.check.login import LOGIN_SECONDS, TerminalLogin
from test.tools.check.options import Options, is_exposed, parse
from test.tools.check.output import tell_end, tell_json, tell_list, tell_result
from test.tools.check.registry import Check, Registry, Result, State
from test.tools.check.runner import Report, Tell, run, skip_rest
from test.tools.check.visit import Own, Visit
from test.tools.check.wire import Era, Wire
from test.tools.program import FAILED, STOPPED, USAGE, guarded
from test.tools.speech import Failure, Speech, told

CHECKS = Registry(protocol.CHECKS, tools.CHECKS, reading.CHECKS, writing.CHECKS)


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status of the program."""
    speech = Speech()
    logging.disable(logging.CRITICAL)  # the libraries log addresses with codes in them
    warnings.simplefilter("ignore")
    return guarded(speech, lambda: _run(speech, parse(arguments, is_attended=sys.stdin.isatty())))


def _run(speech: Speech, options: Options) -> int:
    checks = _chosen(options)
    if options.lists:
        tell_list(speech, checks, as_json=options.as_json)
        return 0
    speech.keep_secret(options.token)
    if options.token and is_exposed(options.url):
        speech.warn("the token goes over the network unencrypted: use https.")
    report = Report(left_out=0 if options.only else len(CHECKS) - len(checks))
    with tempfile.TemporaryFile("a+") as server_log:
        wire = _wire(speech, options, server_log)
        asyncio.run(_Run(speech, wire, checks, report).whole())
    status = _status(report)
    if options.as_json:
        tell_json(speech, options, report, status)
    else:
        tell_end(speech, report)
    return status


def _chosen(options: Options) -> list[Check]:
    checks = CHECKS.chosen(options.only, writes=options.writes or options.lists)
    if not checks:
        sentence = f"No check is named like {told(' '.join(options.only))}."
        raise Failure(sentence, "--list names them.", USAGE)
    return checks


def _status(report: Report) -> int:
    if report.stopped:
        return STOPPED
    return FAILED if report.count(State.FAILED) else 0


class _Run:
    """One run: the checks, and after them the clean-up, each a task that a signal can end."""

    def __init__(self, speech: Speech, wire: Wire, checks: list[Check], report: Report) -> None:
        self._speech, self._wire, self._checks, self._report = speech, wire, checks, report
        self._options = options = wire.options
        self._own = Own(options.namespace or "")
        self._current: asyncio.Task[object] | None = None

    async def whole(self) -> None:
        """Runs everything.

        Raises:
            Failure: there is no server to check.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop)
        try:
            await self._until_done(asyncio.create_task(self._checks_run()))
        finally:
            if self._report.stopped:
                skip_rest(self._checks, self._report, "stopped", self._tell)
            if self._own.made:
                self._speech.remark("removing what was made ...")
            await self._until_done(asyncio.create_task(self._cleaned_up()))

    def _stop(self) -> None:
        self._report.stopped = True
        if self._current is not None:
            self._current.cancel()

    async def _until_done(self, task: asyncio.Task[None]) -> None:
        self._current = task
        await asyncio.wait({task})
        if not task.cancelled():
            task.result()

    async def _checks_run(self) -> None:
        async with AsyncExitStack() as stack:
            eras = await self._opened(stack)
            visit = Visit(self._options, self._wire, eras, self._own)
            info = visit.client.server_info
            self._report.server = {
                "name": info.name if info else None,
                "version": info.version if info else None,
                "protocol": visit.client.protocol_version,
            }
            await run(self._checks, visit, self._report, self._tell)

    async def _opened(self, stack: AsyncExitStack) -> dict[Era, Client[Any] | Failure]:
        """A client for each era; one of them is connected.

        Raises:
            Failure: none is, or the login has failed: nobody is asked to log in twice.
        """
        opened: dict[Era, Client[Any] | Failure] = {}
        for era in Era:
            opened[era] = found = await self._wire.opened(era, stack)
            if isinstance(found, Failure) and self._options.login and era is Era.MODERN:
                raise found
        failures = [each for each in opened.values() if isinstance(each, Failure)]
        if len(failures) == len(opened):
            raise failures[0]
        return opened

    async def _cleaned_up(self) -> None:
        result = await clean_up(self._wire, self._own)
        if result is not None:
            self._report.results.append(result)
            self._tell(result)

    @property
    def _tell(self) -> Tell:
        def tell(result: Result) -> None:
            if not self._options.as_json:
                tell_result(self._speech, result)

        return tell


def _wire(speech: Speech, options: Options, server_log: TextIO) -> Wire:
    if options.login:
        login = TerminalLogin(options, speech)
        return Wire(options, server_log, speech.clean, login, connect_seconds=LOGIN_SECONDS)
    auth = BearerAuth(options.token) if options.token else None
    return Wire(options, server_log, speech.clean, auth)
