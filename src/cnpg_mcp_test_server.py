"""The test server: http on port 3001 at /test, with the same tools and the provider's tokens."""

from cnpg_mcp.serving.run import parser, serve_tokens

NAME = "cnpg-mcp-test"
PATH = "/test"
PORT = 3001


def main() -> None:
    """Runs the server as the command line says."""
    given = parser(__doc__ or "").parse_args()
    serve_tokens(NAME, given.host, given.port, path=PATH, port=PORT)


if __name__ == "__main__":
    main()
