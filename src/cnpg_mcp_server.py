"""The main server: stdio for one client (default), or http on port 3000 at /mcp with sign-in."""

from cnpg_mcp.serving.run import parser, serve_main, serve_stdio, settings_or_exit

NAME = "cnpg-mcp"
PATH = "/mcp"
PORT = 3000


def main() -> None:
    """Runs the server as the command line says."""
    arguments = parser(__doc__ or "")
    arguments.add_argument(
        "--transport",
        choices=["stdio", "http"],
        default="stdio",
        help="stdio for the one client that starts it (default), or http",
    )
    given = arguments.parse_args()
    if given.transport == "stdio" and (given.host or given.port):
        arguments.error("--host and --port need --transport http")
    settings = settings_or_exit(given.host, given.port)
    if given.transport == "stdio":
        serve_stdio(NAME, settings)
    else:
        serve_main(NAME, settings, path=PATH, port=PORT)


if __name__ == "__main__":
    main()
