"""Whether the address is reached at all: name, certificate, clock, the port without TLS."""

import ssl
from collections.abc import AsyncIterator
from dataclasses import replace

from cnpg_mcp.doctor.examination import Skip, Stop
from cnpg_mcp.doctor.findings import Finding, Kind, passed, quoted
from cnpg_mcp.doctor.outside import kinds
from cnpg_mcp.doctor.outside.visit import Visit, all_private, is_missing, told
from cnpg_mcp.doctor.probe import Answer, Unanswered

_EXPIRED, _NOT_YET, _NAME, _ADDRESS = 10, 9, 62, 64
"""Reasons of OpenSSL for not believing a certificate (X509_V_ERR_...)."""
_CLOCK_SECONDS = 30
"""By how much clocks may differ: what the server allows for in tokens."""
_PORT_80_SECONDS = 3.0
_KEEPS_POST = {307, 308}


async def connection(visit: Visit) -> AsyncIterator[Finding]:
    """The host is found and answers; over TLS, with a certificate that is believed."""
    addresses = await visit.resolve(visit.host)
    try:
        answer = await visit.probe.see("GET", visit.at("/"))
    except Unanswered as silence:
        if not isinstance(silence.tls, ssl.SSLCertVerificationError):
            yield _unreached(visit, silence, known=bool(addresses))
            raise Stop("Nothing answers.") from None
        yield _distrusted(silence.tls)
        await visit.probe.accept_any_certificate()
    else:
        yield _connected(visit, answer)
    if visit.is_local:
        yield kinds.LOOPBACK.found(f"{visit.base} is an address of this machine.")
    elif visit.url.scheme == "http":
        yield kinds.PLAIN_HTTP.found(f"{visit.base} is not encrypted.")
    if not visit.is_local and all_private(addresses):
        yield kinds.ADDRESS_PRIVATE.found(f"{visit.host} is {', '.join(addresses)}.")


def _unreached(visit: Visit, silence: Unanswered, *, known: bool) -> Finding:
    if not known:
        return kinds.ADDRESS_UNKNOWN.found(f"{visit.host} has no address. {silence}")
    return (kinds.TLS_FAILED if silence.tls else kinds.UNREACHABLE).found(str(silence))


def _distrusted(reason: ssl.SSLCertVerificationError) -> Finding:
    by_reason: dict[int, Kind] = {
        _EXPIRED: kinds.CERTIFICATE_EXPIRED,
        _NOT_YET: kinds.CERTIFICATE_EXPIRED,
        _NAME: kinds.CERTIFICATE_NAME,
        _ADDRESS: kinds.CERTIFICATE_NAME,
    }
    kind = by_reason.get(reason.verify_code, kinds.CERTIFICATE_UNTRUSTED)
    return kind.found(f"The certificate is refused: {reason.verify_message}.")


def _connected(visit: Visit, answer: Answer) -> Finding:
    if answer.certificate is None:
        return passed("connection", f"{visit.base} answers.")
    end = f"{answer.certificate.end:%Y-%m-%d}"
    if answer.certificate.is_ending(visit.now()):
        return kinds.CERTIFICATE_ENDING.found(f"The certificate ends on {end}.")
    return passed("connection", f"{visit.base} answers; its certificate is good until {end}.")


async def clock(visit: Visit) -> AsyncIterator[Finding]:
    """The server's clock and ours agree."""
    before = visit.now()
    answer = await visit.probe.see("HEAD", visit.at("/"))
    if answer.date is None:
        raise Skip("the answers carry no Date.")
    middle = before + (visit.now() - before) / 2
    apart = (answer.date - middle).total_seconds()
    if abs(apart) > _CLOCK_SECONDS:
        how = "ahead of" if apart > 0 else "behind"
        yield kinds.CLOCK.found(f"The server's clock is {abs(apart):.0f} s {how} this machine's.")
    else:
        yield passed("clock", f"The clocks agree within {_CLOCK_SECONDS} s.")


async def without_tls(visit: Visit) -> AsyncIterator[Finding]:
    """What the port without TLS does with a call."""
    if visit.url.scheme != "https" or visit.url.port:
        return
    plain = replace(visit, base=f"http://{visit.host}")
    try:
        answer = await plain.call()
    except Unanswered:
        yield passed("without-tls", "Nothing answers over http.")
        return
    if answer.location and answer.status not in _KEEPS_POST:
        yield kinds.PORT_80_LOSES_POST.found(told(answer))
    elif not answer.location and not is_missing(answer) and _is_ours(answer):
        yield kinds.PORT_80_SERVES.found(told(answer))
    else:
        where = f" to {quoted(answer.location)}" if answer.location else ""
        yield passed("without-tls", f"http is answered {answer.status}{where}.")


def _is_ours(answer: Answer) -> bool:
    """Whether the server itself has answered: with its challenge, or with a result."""
    return "www-authenticate" in answer.headers or answer.json() is not None
