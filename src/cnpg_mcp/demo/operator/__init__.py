"""A stand-in for the CloudNativePG operator: its kinds, who admits them, and what it does."""

from cnpg_mcp.demo.operator.operator import Operator

__all__ = ["Operator"]
