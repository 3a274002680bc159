"""Parts of sign-in by themselves."""
