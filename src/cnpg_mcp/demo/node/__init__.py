"""Plays everything that a node and its controllers do for CloudNativePG clusters.

Jobs complete, volumes bind, pods run and answer the operator's status requests, roles and
databases are applied to a small model of PostgreSQL, endpoints follow the pods' labels and
readiness, and what lost its owner is collected. Behaviour as observed with CloudNativePG 1.30 on a
real node. See ``injection`` for what can be made to go wrong.
"""

from cnpg_mcp.demo.node.instance import InMemory, OnLoopback
from cnpg_mcp.demo.node.postgres import PgError, Postgres
from cnpg_mcp.demo.node.simulator import Simulator

__all__ = ["InMemory", "OnLoopback", "PgError", "Postgres", "Simulator"]
