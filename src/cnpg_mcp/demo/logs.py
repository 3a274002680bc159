"""What goes wrong inside the demo's own process: in full in a file, in one line on the screen."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cnpg_mcp.demo.screen import remark

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_LINE_CHARS = 200


class _Line(logging.Handler):
    """Says in one line that something is in the file."""

    def __init__(self, file: Path) -> None:
        super().__init__(logging.WARNING)
        self._file = file

    def emit(self, record: logging.LogRecord) -> None:
        """The message without its trace."""
        line = " ".join(record.getMessage().split())[:_LINE_CHARS]
        remark(f"{line} (more in {self._file})")


@contextmanager
def logged(file: Path) -> Iterator[None]:
    """Inside, everything that is logged goes to the file.

    Raises:
        OSError: it cannot be written.
    """
    full = logging.FileHandler(file)
    full.setFormatter(logging.Formatter(_FORMAT))
    handlers = (full, _Line(file))
    root, ours = logging.getLogger(), logging.getLogger("cnpg_mcp.demo")
    before = ours.level
    ours.setLevel(logging.INFO)
    for each in handlers:
        root.addHandler(each)
    try:
        yield
    finally:
        ours.setLevel(before)
        for each in handlers:
            root.removeHandler(each)
            each.close()
