"""Deleting a cluster: what dies with it, what is left, and the way there."""
