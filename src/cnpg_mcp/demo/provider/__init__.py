"""The demo's identity provider: three people, one application, one API; all of it in memory.

OAuth and OpenID Connect are authlib's (`grants`, `server`); ours are the people, the keys and the
pages. `provider.Provider` is all that others need.
"""
