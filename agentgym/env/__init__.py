"""The Gymnasium face of episodes: `ToolEnv`, its text spaces, vectors and registered ids.

Importing this package registers the ids and loads nothing else; the classes come when
they are first asked for. Next: `policies`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentgym.env.registration import default_id, ids, register

if TYPE_CHECKING:
    from agentgym.env.spaces import ActionText, Unicode
    from agentgym.env.tool_env import ToolEnv
    from agentgym.env.vector import ToolVectorEnv

__all__ = [
    "ActionText",
    "ToolEnv",
    "ToolVectorEnv",
    "Unicode",
    "default_id",
    "ids",
    "register",
]

_HOMES = {
    "ActionText": "spaces",
    "ToolEnv": "tool_env",
    "ToolVectorEnv": "vector",
    "Unicode": "spaces",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - `import agentgym` must stay light

    return getattr(import_module(f"{__name__}.{home}"), name)
