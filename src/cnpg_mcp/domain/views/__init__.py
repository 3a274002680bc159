"""Typed views of the objects the tools read: only the fields that something uses."""
