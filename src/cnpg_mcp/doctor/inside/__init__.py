"""What the server needs around it, looked at with its own settings and credentials."""
