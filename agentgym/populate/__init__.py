"""Rows that were never anybody's: `fill` makes them, `anonymise` makes them of real ones.

A schema with roles and rows in stored form come in; rows that hold go out. The only room
that knows Faker. In order: `pools`, `limits`, `meaning`, `people`, `times`, `numbers`,
`texts`, `technical`, `values`, `order`, `parents`, `circles`, `repeats`, `totals`, `rows`,
`spans`, `stories`, `ages`, `obey`, `agree`, `settle`, `ceilings`, `histories`, `synthesis`,
`disguise`, `privacy`. Next: `world`.
"""

from __future__ import annotations

from agentgym.populate.privacy import anonymise, personal_fields
from agentgym.populate.synthesis import PRESENT, fill

__all__ = ["PRESENT", "anonymise", "fill", "personal_fields"]
