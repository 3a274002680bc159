"""Programs from npm that tests run: MCP clients, the conformance suite, an OIDC provider."""
