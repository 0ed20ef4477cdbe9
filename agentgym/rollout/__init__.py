"""Rollouts: policies play episodes, and each episode becomes a `Trajectory`.

`rollout` plays and records, `read_runs` reads a run file, `replay` plays a record again
and compares, `alerts` counts what was made of watched events. This is the only room that knows
both environment and policies.
"""

from __future__ import annotations

from agentgym.rollout.again import replay
from agentgym.rollout.alerts import Alerts, alerts
from agentgym.rollout.files import read_runs
from agentgym.rollout.records import record
from agentgym.rollout.run import rollout

__all__ = ["Alerts", "alerts", "read_runs", "record", "replay", "rollout"]
