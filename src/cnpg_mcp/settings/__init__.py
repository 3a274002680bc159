"""Every setting, once: its environment variable, default, meaning, and what contradicts what."""

from cnpg_mcp.settings.loading import load_settings
from cnpg_mcp.settings.model import Settings
from cnpg_mcp.settings.rules import (
    SettingsError,
    is_loopback,
    is_redis,
    require_main_sign_in,
    require_token_sign_in,
)

__all__ = [
    "Settings",
    "SettingsError",
    "is_loopback",
    "is_redis",
    "load_settings",
    "require_main_sign_in",
    "require_token_sign_in",
]
