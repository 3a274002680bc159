"""Runs a program that ends when whoever started it is gone, however that one has ended.

`python -m cnpg_mcp.demo.attached MODULE [ARGUMENT ...]`: its standard input is a pipe to which
nobody writes, and which the system closes with the process at the other end.
"""

import os
import runpy
import signal
import sys
import threading
import time
from contextlib import suppress

GRACE_SECONDS = 5.0
_INPUT = 0


def main() -> None:
    """Runs the module in this process, as `python -m` does."""
    sys.argv = sys.argv[1:]
    threading.Thread(target=_end_with_the_other_side, daemon=True).start()
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


def _end_with_the_other_side() -> None:
    """Waits for the end of the input; then asks the program to stop, and does not wait for long."""
    with suppress(OSError):
        while os.read(_INPUT, 1024):
            pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    main()
