"""How a request is refused before any tool sees it: JSON in the form of RFC 6749, section 5.2."""

from collections.abc import Mapping

from starlette.responses import JSONResponse


def refusal(
    status: int, error: str, description: str, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """An answer that programs tell by `error` and people by `error_description`."""
    return JSONResponse({"error": error, "error_description": description}, status, headers)
