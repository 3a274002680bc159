"""Whether the API server in memory answers as the real one does, byte for byte where it matters."""
