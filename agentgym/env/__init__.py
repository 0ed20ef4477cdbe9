"""The Gymnasium face of episodes: `ToolEnv`, `MixEnv`, their spaces, vectors and registered ids.

Importing this package registers the ids and loads nothing else; the classes come when
they are first asked for. Next: `rollout`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentgym.env.registration import default_id, ids, register

if TYPE_CHECKING:
    from agentgym.env.crew import CrewEnv
    from agentgym.env.discrete import ACTION_FEATURES, DiscreteCalls
    from agentgym.env.mix import MixEnv
    from agentgym.env.settings import STAGES, Attempts, Budget
    from agentgym.env.spaces import ActionText, Unicode
    from agentgym.env.tool_env import EnvMoment, ToolEnv
    from agentgym.env.vector import MixVectorEnv, ToolVectorEnv

__all__ = [
    "ACTION_FEATURES",
    "STAGES",
    "ActionText",
    "Attempts",
    "Budget",
    "CrewEnv",
    "DiscreteCalls",
    "EnvMoment",
    "MixEnv",
    "MixVectorEnv",
    "ToolEnv",
    "ToolVectorEnv",
    "Unicode",
    "default_id",
    "ids",
    "register",
]

_HOMES = {
    "ACTION_FEATURES": "discrete",
    "STAGES": "settings",
    "ActionText": "spaces",
    "Attempts": "settings",
    "Budget": "settings",
    "CrewEnv": "crew",
    "DiscreteCalls": "discrete",
    "EnvMoment": "tool_env",
    "MixEnv": "mix",
    "MixVectorEnv": "vector",
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
