"""The conformance kit: what every domain and environment must hold, as callable checks.

`check_domain` takes a folder, `check_env` a function that makes an environment; both
raise `AssertionError` with a full sentence, and excuse no subject by name. What `check_domain`
is made of can be called one by one: each check takes a domain, built or written by hand.
`machine` makes a Hypothesis state machine that drives a domain's tools against a model of its
rows; `check_engines` compares SQLite with a PostgreSQL server.
"""

from __future__ import annotations

from agentgym.testing.atomic import check_atomic
from agentgym.testing.commuting import check_commuting
from agentgym.testing.domains import check_behaviour, check_domain
from agentgym.testing.engines import check_engines
from agentgym.testing.environments import check_env
from agentgym.testing.gold import check_gold
from agentgym.testing.honesty import check_honesty
from agentgym.testing.hostile import check_total
from agentgym.testing.machine import DomainMachine, machine
from agentgym.testing.model import Model
from agentgym.testing.script import check_deterministic, check_moments, transcript
from agentgym.testing.together import check_interleaved, check_threads
from agentgym.testing.walk import check_history

__all__ = [
    "DomainMachine",
    "Model",
    "check_atomic",
    "check_behaviour",
    "check_commuting",
    "check_deterministic",
    "check_domain",
    "check_engines",
    "check_env",
    "check_gold",
    "check_history",
    "check_honesty",
    "check_interleaved",
    "check_moments",
    "check_threads",
    "check_total",
    "machine",
    "transcript",
]
