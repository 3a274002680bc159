"""Who is calling: the provider's tokens, the login in front of it, scopes, the store of logins."""
