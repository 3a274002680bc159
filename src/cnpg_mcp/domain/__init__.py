"""What CloudNativePG means: clusters, roles, databases and the status verdict. No MCP, no HTTP."""
