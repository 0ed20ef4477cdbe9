"""Verifiable worlds for agents that use tools, made from a database schema.

Importing this package registers its environments with Gymnasium and loads little else;
`load` and the other names below come when they are first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentgym import env as _env
from agentgym.version import VERSION

if TYPE_CHECKING:
    from agentgym.env.tool_env import ToolEnv
    from agentgym.episode import Episode, Suite, load
    from agentgym.policies import Policy
    from agentgym.rollout import read_runs, replay

__version__ = VERSION

__all__ = [
    "Episode",
    "Policy",
    "Suite",
    "ToolEnv",
    "__version__",
    "load",
    "read_runs",
    "replay",
]

_HOMES = {
    "Episode": "episode",
    "Policy": "policies",
    "Suite": "episode",
    "ToolEnv": "env.tool_env",
    "load": "episode",
    "read_runs": "rollout",
    "replay": "rollout",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - `import agentgym` must stay light

    return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


_env.register()
