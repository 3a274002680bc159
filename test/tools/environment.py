"""Settings from the environment: `NAME`, or the path of a file with the value in `NAME_FILE`."""

import os
from collections.abc import Mapping
from pathlib import Path

from test.tools.program import USAGE
from test.tools.speech import Failure, told


def setting(name: str, environment: Mapping[str, str] = os.environ) -> str | None:
    """The value of a variable, if it has one.

    Raises:
        Failure: both forms are given, or the file cannot be read.
    """
    value, path = environment.get(name), environment.get(f"{name}_FILE")
    if value and path:
        raise Failure(f"{name} and {name}_FILE are both set.", "remove one of them.", USAGE)
    return read_text(path, f"{name}_FILE") if path else value or None


def read_text(path: str, named: str) -> str:
    """The one line of text in a file.

    Raises:
        Failure: it cannot be read, or holds something else.
    """
    try:
        text = Path(path).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        sentence = f"{named}: cannot read {told(path)}: {reason}."
        raise Failure(sentence, "check the path.", USAGE) from None
    if not text or not text.isprintable():
        sentence = f"{named}: {told(path)} does not hold one line of text."
        raise Failure(sentence, "put the value alone into the file.", USAGE)
    return text
