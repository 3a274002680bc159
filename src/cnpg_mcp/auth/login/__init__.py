"""Sign-in through the OAuth proxy, and the tokens that come of it."""
