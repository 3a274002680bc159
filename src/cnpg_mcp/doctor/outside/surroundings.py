"""What proxies do to answers, which pages are let in, what else is public."""

from collections.abc import AsyncIterator
from urllib.parse import urljoin

from cnpg_mcp.doctor.examination import Skip
from cnpg_mcp.doctor.findings import Finding, passed, quoted
from cnpg_mcp.doctor.outside import kinds
from cnpg_mcp.doctor.outside.challenge import metadata_of
from cnpg_mcp.doctor.outside.visit import (
    INTERNAL_PATHS,
    MCP,
    SERVER_METADATA,
    STRANGER,
    TEST,
    Visit,
    is_missing,
    told,
)
from cnpg_mcp.doctor.probe import Answer

_UNAUTHORIZED, _FORBIDDEN, _OK = 401, 403, 200
_KEEPS_POST = {307, 308}


async def slash(visit: Visit) -> AsyncIterator[Finding]:
    """The address with a slash at its end is served alike, or leads to the one without."""
    _require_mcp(visit)
    answer = await visit.call(f"{MCP}/")
    if answer.location:
        target = urljoin(visit.at(f"{MCP}/"), answer.location)
        stays = answer.status in _KEEPS_POST and visit.is_here(target)
        yield (kinds.SLASH_NOT_SERVED if stays else kinds.SLASH_LEADS_AWAY).found(told(answer))
    elif answer.status != _UNAUTHORIZED:
        yield kinds.SLASH_NOT_SERVED.found(told(answer))
    else:
        yield passed("slash", f"{MCP}/ is answered like {MCP}.")


async def origins(visit: Visit) -> AsyncIterator[Finding]:
    """The server's own pages are let in, those of strangers are not."""
    _require_mcp(visit)
    nobody = await visit.call()
    own = await visit.call(Origin=visit.base)
    foreign = await visit.call(Origin=STRANGER)
    own_refused = own.status == _FORBIDDEN != nobody.status
    if own_refused:
        yield kinds.OWN_ORIGIN_REFUSED.found(f"Origin {visit.base}: {told(own)}")
    if foreign.status != _FORBIDDEN:
        yield kinds.FOREIGN_ORIGIN_ACCEPTED.found(f"Origin {STRANGER}: {told(foreign)}")
    elif not own_refused:
        yield passed("origins", "Pages of strangers are refused, the server's own are not.")


async def proxies(visit: Visit) -> AsyncIterator[Finding]:
    """Nothing on the way compresses or caches. More cannot be seen without a login."""
    _require_mcp(visit)
    answers = [await visit.call()]
    if SERVER_METADATA not in visit.missing:
        answers.append(await visit.probe.ask("GET", visit.at(SERVER_METADATA)))
    compressed = [each for each in answers if "content-encoding" in each.headers]
    cached = _is_cached(answers[0])
    if compressed:
        encoding = quoted(compressed[0].headers["content-encoding"])
        yield kinds.COMPRESSED.found(f"{told(compressed[0])} It is compressed ({encoding}).")
    if cached:
        yield kinds.CACHED.found(f"{told(answers[0])} It came from a cache.")
    if not compressed and not cached:
        yield passed(
            "proxies",
            "Answers are neither compressed nor cached on the way. Whether a proxy holds event "
            "streams back, or cuts calls that take 45 s, shows only after a login.",
        )


def _is_cached(answer: Answer) -> bool:
    """Whether an answer was kept from earlier: none to a POST may be."""
    cache = " ".join(answer.headers.get_list("x-cache") + answer.headers.get_list("cache-status"))
    hit = "hit" in cache.lower().replace("-", " ").split()
    return hit or answer.headers.get("age", "0") not in {"", "0"}


async def internal_paths(visit: Visit) -> AsyncIterator[Finding]:
    """Probes and metrics are not public."""
    if visit.is_local:
        return
    public = [path for path in INTERNAL_PATHS if await _is_public(visit, path)]
    if public:
        yield kinds.INTERNAL_PUBLIC.found(f"Served: {', '.join(public)}.")
    else:
        yield passed("internal-paths", f"{', '.join(INTERNAL_PATHS)} are not public.")


async def _is_public(visit: Visit, path: str) -> bool:
    """Whether the server itself answers; a catch-all page is none of its business."""
    answer = await visit.probe.see("GET", visit.at(path))
    return answer.status in {_OK, 503} and not answer.is_page


async def test_server(visit: Visit) -> AsyncIterator[Finding]:
    """Whether the test server is public, too, and asks for a sign-in."""
    answer = await visit.call(TEST)
    if is_missing(answer):
        yield passed("test-server", f"{TEST} is not public.")
    elif answer.status == _OK and not answer.is_page:
        yield kinds.OPEN.found(told(answer))
    else:
        where = quoted(metadata_of(answer)) if metadata_of(answer) else "no document"
        yield kinds.TEST_SERVER.found(f"{told(answer)} It names {where}.")


def _require_mcp(visit: Visit) -> None:
    if MCP in visit.missing:
        raise Skip(f"{MCP} is not served.")
