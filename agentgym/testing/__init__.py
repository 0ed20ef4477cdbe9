"""The conformance kit: what every domain and environment must hold, as callable checks.

`check_domain` takes a folder, `check_env` a function that makes an environment; both
raise `AssertionError` with a full sentence, and excuse no subject by name. `machine` makes
a Hypothesis state machine that drives a domain's tools against a model of its rows;
`check_engines` compares SQLite with a PostgreSQL server.
"""

from __future__ import annotations

from agentgym.testing.domains import check_domain
from agentgym.testing.engines import check_engines
from agentgym.testing.environments import check_env
from agentgym.testing.machine import DomainMachine, machine
from agentgym.testing.model import Model

__all__ = ["DomainMachine", "Model", "check_domain", "check_engines", "check_env", "machine"]
