"""Getting an access token: from a browser login, a device login, or a client's own secret."""
