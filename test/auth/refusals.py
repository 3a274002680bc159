"""What a refusal at the OAuth endpoints has to look like, and what is worth being refused."""

import httpx

from test.auth.browser import landing
from test.auth.oauth_client import REDIRECT_URI

HOSTILE = {
    "empty": "",
    "path": "../../../../etc/passwd",
    "path-encoded": "..%2f..%2fetc%2fpasswd",
    "absolute": "/etc/passwd",
    "null": "a\x00b",
    "line-break": "a\r\nb: c",
    "long": "x" * 7_000,
    "unicode": "ключ-\u202e-\U0001f511",
    "glob": "*?[a-z]",
    "redis": "a\r\nFLUSHALL\r\n",
    "percent": "%s%n%00",
    "markup": "<script>alert(1)</script>",
    "dots": "..",
}


def is_refused(answer: httpx.Response, *errors: str) -> None:
    """The answer is a 4xx of OAuth's form, and shows nothing of the inside."""
    assert 400 <= answer.status_code < 500, (answer.status_code, answer.text[:500])
    assert "Traceback" not in answer.text
    if errors:
        assert answer.json()["error"] in errors, answer.text


def leads_nowhere(answer: httpx.Response) -> None:
    """No redirect, so that nobody can be led anywhere with our address."""
    assert 400 <= answer.status_code < 500, (answer.status_code, answer.headers)
    assert "location" not in answer.headers


def error_of(answer: httpx.Response) -> dict[str, str]:
    """What an authorization request is refused with: at the client's address, or right here."""
    if answer.is_redirect:
        assert answer.headers["location"].startswith(REDIRECT_URI)
        return dict(landing(answer.headers["location"]).parameters)
    assert answer.status_code == 400, answer.text
    return dict(answer.json())
