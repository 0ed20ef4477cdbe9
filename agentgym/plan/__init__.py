"""The plan: what a task truly asks, as a typed graph, before any word is written.

A plan is told in facts that the user knows and in relations of the schema; it never
holds a value that no tool or user can supply. `Tables` interprets it straight over
the rows, without SQL and without tools, so that it can judge both. Next: `nodes`, `goals`.
"""

from __future__ import annotations

from agentgym.plan.canonical import told
from agentgym.plan.nodes import (
    FAMILIES,
    Aggregated,
    Choose,
    Computed,
    Emit,
    Exposure,
    Fact,
    Family,
    Guard,
    Later,
    Limit,
    Link,
    Measure,
    Node,
    Op,
    Party,
    Pick,
    Plan,
    Refuse,
    Select,
    Setting,
    Shift,
    Test,
    Value,
    Where,
    Write,
)

__all__ = [
    "FAMILIES",
    "Aggregated",
    "Choose",
    "Computed",
    "Emit",
    "Exposure",
    "Fact",
    "Family",
    "Guard",
    "Later",
    "Limit",
    "Link",
    "Measure",
    "Node",
    "Op",
    "Party",
    "Pick",
    "Plan",
    "Refuse",
    "Select",
    "Setting",
    "Shift",
    "Test",
    "Value",
    "Where",
    "Write",
    "told",
]
