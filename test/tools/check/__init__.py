"""Checking a running server through MCP, as a client sees it."""
