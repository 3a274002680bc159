"""Clients of other makers, and the official conformance suite, on the real servers over http."""
