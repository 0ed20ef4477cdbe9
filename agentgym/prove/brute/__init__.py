"""The judge of the clever checks: exhaustive search, for worlds small enough.

`extents` enumerates which rows a plan's selects can be, `values` what its ends come to, `answers`
what is left for one who has seen some rows, `shortest` the fewest calls. Slow on purpose, and
written from the definitions alone.
"""

from __future__ import annotations

from agentgym.prove.brute.calls import answers, shortest
from agentgym.prove.brute.rows import extents, holds, keeps, values, wanted

__all__ = ["answers", "extents", "holds", "keeps", "shortest", "values", "wanted"]
