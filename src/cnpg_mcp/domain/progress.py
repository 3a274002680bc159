"""Progress of an operation that takes time: yielded on the way to its result."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """How far an operation is: seconds waited of the seconds allowed, and what is seen now."""

    waited: float
    allowed: float
    message: str
