"""Moved to `keyturn.domain.configuration`; this name goes once nobody imports it."""

from keyturn.domain.configuration import (
    KEYCHAIN_PREFIX,
    AgentConfig,
    CwdMode,
    HeadlessConfig,
    Limits,
    PolicyConfig,
    ReviewMode,
    ServerConfig,
    ToolSetting,
)

__all__ = [
    "KEYCHAIN_PREFIX",
    "AgentConfig",
    "CwdMode",
    "HeadlessConfig",
    "Limits",
    "PolicyConfig",
    "ReviewMode",
    "ServerConfig",
    "ToolSetting",
]
