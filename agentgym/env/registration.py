"""Gymnasium ids: `agentgym/Domain-v0`, `Mix-v0`, `Crew-v0`, and one a committed domain.

The first takes any domain, the second a folder of them, the third any domain and several agents.
Only folder names and versions are read here; a domain is loaded when it is first made.
Next: `spaces`.
"""

from __future__ import annotations

import re
from pathlib import Path

import gymnasium

from agentgym.errors import FormatError
from agentgym.formats import data_root

__all__ = ["CREW", "DEFAULT", "MIX", "default_id", "ids", "register"]

DEFAULT = "clinic"
"""The domain that `agentgym/Domain-v0` plays when none is named."""

MIX = "agentgym/Mix-v0"
"""The id of the environment that draws from many domains."""

CREW = "agentgym/Crew-v0"
"""The id of the environment that several agents play in together."""

_VERSION = re.compile(rb'^ "version": ?(\d+)', re.MULTILINE)
_ENTRY = "agentgym.env.tool_env:ToolEnv"
_VECTOR_ENTRY = "agentgym.env.vector:ToolVectorEnv"
_CREW_ENTRY = "agentgym.env.crew:CrewEnv"
_MIX_ENTRY = "agentgym.env.mix:MixEnv"
_MIX_VECTOR_ENTRY = "agentgym.env.vector:MixVectorEnv"


def default_id() -> str:
    """Return the id of the environment that takes any domain."""
    return "agentgym/Domain-v0"


def ids() -> dict[str, str]:
    """Map the id of each committed domain to its name, sorted by name."""
    try:
        root = data_root("domains")
    except FormatError:  # a bare copy of the package, without data: only `Domain-v0` is there
        return {}
    found = {}
    for path in sorted(root.glob("*/domain.json")):
        name = path.parent.name
        camel = "".join(part[:1].upper() + part[1:] for part in re.split(r"[\W_]+", name))
        found[f"agentgym/{camel}-v{_version(path)}"] = name
    return found


def register() -> None:
    """Register every id with Gymnasium; harmless when repeated."""
    for env_id, kwargs in [
        (default_id(), {}),
        *((env_id, {"domain": name}) for env_id, name in ids().items()),
    ]:
        if env_id not in gymnasium.registry:
            gymnasium.register(
                env_id, entry_point=_ENTRY, vector_entry_point=_VECTOR_ENTRY, kwargs=kwargs
            )
    if MIX not in gymnasium.registry:
        gymnasium.register(MIX, entry_point=_MIX_ENTRY, vector_entry_point=_MIX_VECTOR_ENTRY)
    if CREW not in gymnasium.registry:
        gymnasium.register(CREW, entry_point=_CREW_ENTRY)


def _version(path: Path) -> int:
    found = _VERSION.findall(path.read_bytes())
    return int(found[-1]) if found else 1
