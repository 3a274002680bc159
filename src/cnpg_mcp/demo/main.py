"""The demo: both servers before a simulated Kubernetes, on this machine alone. Ctrl-C ends it."""

import argparse
import asyncio
import importlib.util
import os
import sys

from cnpg_mcp import __version__

_NEEDED = ("aiohttp", "authlib", "jinja2", "json_merge_patch", "jsonpatch", "yaml")
_WRONG_PLACE, _FAILED = 2, 1
_IN_A_POD = "KUBERNETES_SERVICE_HOST"


def main() -> int:
    """Runs the demo; the exit status."""
    given = _parser().parse_args()
    reason = _cannot_run()
    if reason:
        sys.stderr.write(f"cnpg-mcp-demo: {reason}\n")
        return _WRONG_PLACE
    from cnpg_mcp.demo import house  # noqa: PLC0415 - it needs what may be missing

    try:
        return asyncio.run(house.run(given))
    except KeyboardInterrupt:
        return 0
    except house.DemoFailed as failure:
        sys.stderr.write(f"cnpg-mcp-demo: {failure}\n")
        return _FAILED


def _parser() -> argparse.ArgumentParser:
    from cnpg_mcp.demo import recordings  # noqa: PLC0415 - one place for all names

    parser = argparse.ArgumentParser(prog="cnpg-mcp-demo", description=__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument(
        "--port", type=_port, default=3000, help="of the main server (3000); the next free one"
    )
    parser.add_argument(
        "--test-port", type=_port, default=3001, help="of the test server (3001); the next free one"
    )
    parser.add_argument(
        "--speed",
        type=_speed,
        default=2.0,
        help="how much faster than a real cluster clusters come up, fail and heal (2)",
    )
    parser.add_argument(
        "--situation",
        choices=recordings.names(),
        metavar="NAME",
        help="puts a recorded situation of a real cluster into the namespace `incident`: "
        + ", ".join(recordings.names()),
    )
    return parser


def _port(text: str) -> int:
    port = int(text)
    if not 0 < port < 65536:  # noqa: PLR2004 - TCP
        raise argparse.ArgumentTypeError("a port is between 1 and 65535")
    return port


def _speed(text: str) -> float:
    speed = float(text)
    if not 0.1 <= speed <= 1000:  # noqa: PLR2004 - what somebody can watch
        raise argparse.ArgumentTypeError("a speed is between 0.1 and 1000")
    return speed


def _cannot_run() -> str:
    """Why the demo cannot run here; empty where it can."""
    if os.environ.get(_IN_A_POD):
        return "this is a pod of a real Kubernetes: the demo is a simulation for a desk."
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        names = ", ".join(missing)
        return f"{names} not installed. Next: pip install 'cnpg-mcp[demo]', or make demo."
    return ""


if __name__ == "__main__":
    sys.exit(main())
