"""The connector's self-diagnosis: what clients ask of its address, and what it needs inside.

Nothing imports this room. It changes nothing but the registrations of clients that it makes.
"""
