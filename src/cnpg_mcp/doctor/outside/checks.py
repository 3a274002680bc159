"""All checks from outside, in the order in which a client comes along."""

from cnpg_mcp.doctor.examination import Check
from cnpg_mcp.doctor.outside.challenge import challenge, paths
from cnpg_mcp.doctor.outside.clients import foreign_callbacks, registration
from cnpg_mcp.doctor.outside.connection import clock, connection, without_tls
from cnpg_mcp.doctor.outside.documents import browsers, resource_metadata, server_metadata
from cnpg_mcp.doctor.outside.login import foreign_redirect, login, pkce, unknown_client
from cnpg_mcp.doctor.outside.surroundings import (
    internal_paths,
    origins,
    proxies,
    slash,
    test_server,
)
from cnpg_mcp.doctor.outside.tokens import revocation, token_errors
from cnpg_mcp.doctor.outside.visit import Visit

CHECKS: tuple[Check[Visit], ...] = (
    connection,
    clock,
    without_tls,
    challenge,
    paths,
    resource_metadata,
    server_metadata,
    registration,
    foreign_callbacks,
    unknown_client,
    pkce,
    foreign_redirect,
    login,
    token_errors,
    revocation,
    slash,
    origins,
    proxies,
    internal_paths,
    browsers,
    test_server,
)
