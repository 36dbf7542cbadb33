"""The closed set of the window's pages, in the order of the rail."""

from enum import Enum
from typing import Final

from keyturn.presentation.marks import Icon


class Page(Enum):
    """A page; the value is the last part of its words' key and of its object names."""

    QUEUE = "queue"
    HISTORY = "history"
    RULES = "rules"
    AGENTS = "agents"
    ACCESS = "access"
    ATTENTION = "attention"
    SERVERS = "servers"
    CREDENTIALS = "credentials"
    HELP = "help"
    SETTINGS = "settings"
    FIRST_STEPS = "first_steps"


PAGE_ICONS: Final = {
    Page.QUEUE: Icon.QUEUE,
    Page.HISTORY: Icon.HISTORY,
    Page.RULES: Icon.RULES,
    Page.AGENTS: Icon.AGENT,
    Page.ACCESS: Icon.AGENT,
    Page.ATTENTION: Icon.LOOK,
    Page.SERVERS: Icon.SERVER,
    Page.CREDENTIALS: Icon.CREDENTIAL,
    Page.HELP: Icon.HELP,
    Page.SETTINGS: Icon.SETTINGS,
    Page.FIRST_STEPS: Icon.SETTINGS,
}
PAGE_TEXTS: Final = {
    Page.QUEUE: "rail.queue",
    Page.HISTORY: "rail.history",
    Page.RULES: "rail.rules",
    Page.AGENTS: "rail.agents",
    Page.ACCESS: "access.title",
    Page.ATTENTION: "attention.title",
    Page.SERVERS: "rail.servers",
    Page.CREDENTIALS: "rail.credentials",
    Page.HELP: "rail.help",
    Page.SETTINGS: "rail.settings",
    Page.FIRST_STEPS: "first_steps.title",
}
PAGE_KEYS: Final = {
    Page.QUEUE: "Ctrl+1",
    Page.HISTORY: "Ctrl+2",
    Page.RULES: "Ctrl+3",
    Page.AGENTS: "Ctrl+4",
    Page.SERVERS: "Ctrl+5",
    Page.CREDENTIALS: "Ctrl+6",
    Page.HELP: "F1",
    Page.SETTINGS: "Ctrl+7",
    Page.ACCESS: "Ctrl+9",
    Page.ATTENTION: "Ctrl+0",
    Page.FIRST_STEPS: "Ctrl+G",
}
UNDER: Final = {
    Page.ACCESS: Page.AGENTS,
    Page.ATTENTION: Page.HISTORY,
    Page.FIRST_STEPS: Page.SETTINGS,
}
"""Pages without an item of the rail, and whose item is marked while they are shown."""
