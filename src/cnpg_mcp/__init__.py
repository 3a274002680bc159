"""PostgreSQL on Kubernetes for MCP clients, through CloudNativePG."""

__version__ = "0.1.0"
