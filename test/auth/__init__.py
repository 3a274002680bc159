"""Sign-in with real identity providers, and everything that a thief would try."""
