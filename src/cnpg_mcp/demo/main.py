"""The demo: both servers before a simulated Kubernetes, on this machine alone. Ctrl-C ends it."""

import argparse
import importlib.util
import os
import sys

from cnpg_mcp import __version__

_NEEDED = ("aiohttp", "authlib", "jinja2", "json_merge_patch", "jsonpatch", "yaml")
_WRONG_PLACE, _FAILED = 2, 1
_IN_A_POD = "KUBERNETES_SERVICE_HOST"


def main() -> int:
    """Runs the demo; the exit status. Ctrl-C is the way to end it, from the first moment on."""
    try:
        return _run()
    except KeyboardInterrupt:
        return 0


def _run() -> int:
    # Ctrl-C may come while these are imported
    from cnpg_mcp.demo.screen import keep_places, remark  # noqa: PLC0415

    keep_places()
    given = _parser().parse_args()
    reason = _cannot_run()
    if reason:
        remark(reason)
        return _WRONG_PLACE
    import asyncio  # noqa: PLC0415

    from cnpg_mcp.demo import house  # noqa: PLC0415 - it needs what may be missing, too
    from cnpg_mcp.demo.failure import DemoFailed  # noqa: PLC0415

    try:
        return asyncio.run(house.run(given))
    except DemoFailed as failure:
        remark(str(failure))
        return _FAILED


def _parser() -> argparse.ArgumentParser:
    from cnpg_mcp.demo import recordings  # noqa: PLC0415 - one place for all names

    parser = argparse.ArgumentParser(
        prog="cnpg-mcp-demo",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n  ".join(["situations:", *recordings.names()]),
    )
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
        help="puts a recorded situation of a real cluster (below) into the namespace `incident`",
    )
    return parser


def _port(text: str) -> int:
    try:
        port = int(text)
    except ValueError:
        port = 0
    if not 0 < port < 65536:  # noqa: PLR2004 - TCP
        raise argparse.ArgumentTypeError(f"a port is a number from 1 to 65535, not {text!r}")
    return port


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0
    if not 0.1 <= speed <= 1000:  # noqa: PLR2004 - what somebody can watch
        raise argparse.ArgumentTypeError(f"a speed is a number from 0.1 to 1000, not {text!r}")
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
