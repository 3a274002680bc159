"""The demo: everything on one machine, simulated. Nothing in the servers imports it.

`kubernetes` is a Kubernetes API server in memory, `operator` stands in for CloudNativePG's, `node`
plays the nodes and what runs on them, `provider` is an identity provider with a login page. The
tests use the parts, too: `node` works on a real API server just as well.
"""
