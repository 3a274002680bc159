"""How to talk to the API server. Knows Kubernetes, knows nothing of CloudNativePG."""
