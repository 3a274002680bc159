"""The tiers of tests that need more than Python, and what happens where they cannot run."""

import os
from typing import NoReturn

import pytest

REQUIRE = "REQUIRE"
"""Environment variable: tiers that have to run, separated by commas."""


def cannot_run(tier: str, reason: str) -> NoReturn:
    """Skips with the reason, or fails with it where ``REQUIRE`` names the tier."""
    required = os.environ.get(REQUIRE, "").replace(",", " ").split()
    if tier in required:
        pytest.fail(f"{REQUIRE} names the tier {tier}, which cannot run: {reason}")
    pytest.skip(reason)
