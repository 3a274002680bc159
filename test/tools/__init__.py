"""The two programs for people: one gets a token, the other checks a running server."""
