"""The chart and the manifests: rendered by the real Helm, applied to the real API server."""
