"""Identity providers that run on loopback: two real ones, and a stand-in with Auth0's habits."""
