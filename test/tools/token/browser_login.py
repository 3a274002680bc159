"""Authorization code with PKCE in a browser (RFC 8252, RFC 7636, RFC 9207)."""

import base64
import hashlib
import secrets
import webbrowser
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from test.tools.speech import Speech, refuse, told
from test.tools.token.callback import Callback
from test.tools.token.endpoint import Application, Refused
from test.tools.token.identity import check_id_token
from test.tools.token.options import Options
from test.tools.token.provider import Provider
from test.tools.token.tokens import Tokens


def _random() -> str:
    return secrets.token_urlsafe(32)


@dataclass(frozen=True)
class Attempt:
    """What only this login knows."""

    state: str = field(default_factory=_random)
    nonce: str = field(default_factory=_random)
    verifier: str = field(default_factory=_random)

    @property
    def challenge(self) -> str:
        """What the provider may see of the verifier (RFC 7636, section 4.2)."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def log_in(application: Application, options: Options, attempt: Attempt | None = None) -> Tokens:
    """The tokens of whoever logs in.

    Raises:
        Refused: the provider says why not.
        Failure: nobody logs in, or the answer is not to be trusted.
    """
    attempt = attempt or Attempt()
    with Callback(options.callback_port, attempt.state) as callback:
        url = authorization_url(application.provider, options, attempt)
        _show(application.speech, url, opens=options.opens_browser)
        answer = callback.wait(options.timeout)
    code = code_of(answer, application.provider)
    application.speech.keep_secret(code, attempt.verifier)
    tokens = application.tokens(
        "authorization_code",
        code=code,
        code_verifier=attempt.verifier,
        redirect_uri=options.redirect_uri,
        resource=options.resource,
    )
    if _asks_identity(options):
        check_id_token(application, tokens.id_token, attempt.nonce)
    return tokens


def authorization_url(provider: Provider, options: Options, attempt: Attempt) -> str:
    """Where the browser goes."""
    if provider.authorization is None:
        refuse("The provider has no login page for applications.", "use --client-credentials.")
    wanted = {
        "response_type": "code",
        "client_id": options.client_id,
        "redirect_uri": options.redirect_uri,
        "scope": options.scope,
        "state": attempt.state,
        "nonce": attempt.nonce if _asks_identity(options) else None,
        "code_challenge": attempt.challenge,
        "code_challenge_method": "S256",
        "audience": options.audience,
        "resource": options.resource,
    }
    query = urlencode({name: value for name, value in wanted.items() if value})
    return f"{provider.authorization}{'&' if '?' in provider.authorization else '?'}{query}"


def code_of(answer: Mapping[str, str], provider: Provider) -> str:
    """The code in the provider's answer.

    Raises:
        Refused: the provider says why there is none.
        Failure: the answer comes from another provider.
    """
    issuer = answer.get("iss")
    if issuer != provider.issuer and (issuer is not None or provider.names_itself):
        refuse(
            f"The answer comes from {told(issuer or 'nobody')}, not from {told(provider.issuer)}.",
            "do not log in there; check OIDC_ISSUER.",
        )
    if "error" in answer:
        raise Refused(told(answer["error"]), told(answer.get("error_description", "")))
    if not answer.get("code"):
        refuse("The provider sent the browser back without a code.", "try again.")
    return answer["code"]


def _asks_identity(options: Options) -> bool:
    return "openid" in options.scope.split()


def _show(speech: Speech, url: str, *, opens: bool) -> None:
    if opens and webbrowser.open(url):
        speech.say("A browser opens for the login. If none does, open this address:")
    else:
        speech.say("Open this address in a browser on this machine, and log in:")
    speech.say(f"\n  {url}\n")
