"""Rows that were never anybody's: `fill` makes them, `anonymise` makes them of real ones.

A schema with roles and rows in stored form come in; rows that hold go out. The only room
that knows Faker. In order: `pools`, `limits`, `meaning`, `people`, `times`, `numbers`,
`texts`, `technical`, `values`, `order`, `parents`, `circles`, `totals`, `rows`, `agree`,
`settle`, `ceilings`, `spans`, `histories`, `synthesis`, `disguise`, `privacy`. Next: `world`.
"""

from __future__ import annotations

from agentgym.populate.privacy import anonymise, personal_fields
from agentgym.populate.synthesis import fill

__all__ = ["anonymise", "fill", "personal_fields"]
