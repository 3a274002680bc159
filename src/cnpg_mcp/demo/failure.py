"""Why the demo cannot go on, as whoever started it is told."""

import errno

_NEEDS_ANOTHER_FOLDER = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.ENOENT}


class DemoFailed(Exception):
    """The demo cannot go on; the text says why."""


def explained(error: OSError) -> str:
    """What the operating system has refused, in a sentence, with what to do where that is known."""
    where = f": {error.filename}" if error.filename else ""
    what = f"{error.strerror or error}{where}."
    if error.errno in _NEEDS_ANOTHER_FOLDER:
        return f"{what} Next: set TMPDIR to a folder that has room and can be written to."
    return what
