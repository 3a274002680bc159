"""The test server: http on port 3001 at /test, with the same tools as the main server."""

from cnpg_mcp.serving.run import parser, serve_http, settings_or_exit

NAME = "cnpg-mcp"
PATH = "/test"
PORT = 3001


def main() -> None:
    """Runs the server as the command line says."""
    given = parser(__doc__ or "").parse_args()
    serve_http(NAME, settings_or_exit(given.host, given.port), path=PATH, port=PORT)


if __name__ == "__main__":
    main()
