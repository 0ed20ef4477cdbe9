"""Domains from nothing: relational patterns, glued, in the words of a trade.

Patterns (`schemas/patterns`) and industries (`schemas/industries`) come in as data; out goes a
`Draft` for every `Blueprint` that is drawn from them. `python -m agentgym.sources.compose`
says what is wrong in the files of an author. In order: `records`, `library`, `trade`, `rewrite`,
`fields`, `flows`, `clothes`, `check`, `blueprint`, `glue`, `fleet`, `renaming`, `speech`, `clothe`,
`rows`, `draft`.
"""

from agentgym.sources.compose.blueprint import Blueprint, draw
from agentgym.sources.compose.check import check_industries, check_patterns
from agentgym.sources.compose.draft import compose, name_of
from agentgym.sources.compose.fleet import fleet
from agentgym.sources.compose.glue import Glued, glue
from agentgym.sources.compose.library import Library, load

__all__ = [
    "Blueprint",
    "Glued",
    "Library",
    "check_industries",
    "check_patterns",
    "compose",
    "draw",
    "fleet",
    "glue",
    "load",
    "name_of",
]
