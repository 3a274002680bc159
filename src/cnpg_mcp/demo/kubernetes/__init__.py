"""A Kubernetes API server in memory: storage, verbs, admission, authorization, and HTTP.

It knows no CloudNativePG: its kinds, their schemas and what admits them are installed into it.
"""
