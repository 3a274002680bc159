"""`get-user-token.py`: from options to a token in a file."""

from collections.abc import Callable, Sequence

import httpx

from test.tools.program import guarded
from test.tools.speech import Speech
from test.tools.token import browser_login, device_login
from test.tools.token.endpoint import Application, Refused
from test.tools.token.judgement import judge
from test.tools.token.options import Flow, Options, parse
from test.tools.token.private_file import remove_private, require_ours, write_private
from test.tools.token.provider import discover
from test.tools.token.report import report
from test.tools.token.tokens import Kept, Tokens

REFUSED_BY_SERVER = 3
_REQUEST_SECONDS = 20


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status of the program."""
    speech = Speech()
    return guarded(speech, lambda: _run(speech, arguments))


def _run(speech: Speech, arguments: Sequence[str] | None) -> int:
    options = parse(arguments)
    speech.keep_secret(options.client_secret)
    if options.kept:
        speech.keep_secret(options.kept.refresh_token)
    for path in (options.token_file, options.refresh_file):
        require_ours(path)  # before the login: whoever logs in does so for a purpose
    with httpx.Client(timeout=_REQUEST_SECONDS) as http:
        provider = discover(http, options.issuer)
        application = Application(http, provider, speech, options.client_id, options.client_secret)
        try:
            tokens = _FLOWS[options.flow](application, options)
        except Refused as refused:
            raise refused.failure() from None
    keeps = _store(options, tokens, provider.issuer)
    judgement = judge(tokens.access_token, provider.issuer, options.audience)
    report(speech, options, tokens, judgement, keeps=keeps)
    return REFUSED_BY_SERVER if judgement.refusal else 0


def _by_secret(application: Application, options: Options) -> Tokens:
    return application.tokens(
        "client_credentials",
        scope=options.scope,
        audience=options.audience,
        resource=options.resource,
    )


def _by_refresh(application: Application, options: Options) -> Tokens:
    kept = options.kept.refresh_token if options.kept else None
    return application.tokens("refresh_token", refresh_token=kept, resource=options.resource)


_FLOWS: dict[Flow, Callable[[Application, Options], Tokens]] = {
    Flow.BROWSER: browser_login.log_in,
    Flow.DEVICE: device_login.log_in,
    Flow.CLIENT: _by_secret,
    Flow.REFRESH: _by_refresh,
}


def _store(options: Options, tokens: Tokens, issuer: str) -> bool:
    """Writes the tokens; whether a refresh token is kept.

    The refresh token first: the provider may have taken back the one before. One of another login
    does not stay beside the new token.
    """
    if tokens.refresh_token:
        kept = Kept(issuer, options.client_id, tokens.refresh_token)
        write_private(options.refresh_file, kept.text())
    elif options.flow is not Flow.REFRESH:
        remove_private(options.refresh_file)
    write_private(options.token_file, tokens.access_token)
    return bool(tokens.refresh_token) or options.flow is Flow.REFRESH
