"""The families `lookup` and `multi_hop`: a field of a row, told by itself or over other rows.

Next: `figures`.
"""

from __future__ import annotations

import random
from functools import partial

from agentgym.plan import Family
from agentgym.tasks.clues import Sketch
from agentgym.tasks.knobs import Candidate, Knobs
from agentgym.tasks.reading.answers import leaked, wire
from agentgym.tasks.reading.grounds import HOPS, MEETINGS, WALKS, Grounds, Grown, grown_by

__all__ = ["Hops"]


class Hops(Grounds):
    """Draws questions for fields of one row."""

    def lookup(self, rng: random.Random, knobs: Knobs) -> Candidate | None:
        """Ask a field of a row that clues describe."""
        grown = self.grown(rng, knobs, self.path(rng, knots=1), tries=12)
        return self.inquiry(grown, knobs, "lookup") if grown else None

    def multi_hop(self, rng: random.Random, knobs: Knobs) -> Candidate | None:
        """Ask a field of a row at the end of a path, a tree or a cycle of rows."""
        legal = [n for n in HOPS if n >= knobs.least] or [knobs.least]
        knots = rng.choice(legal) if knobs.entities is None else knobs.entities
        shapes = [self.shape(rng, knobs, knots)]
        if knobs.shape is None:
            shapes += ["path", "tree"] if knobs.least > 2 else ["path"]
        for shape in dict.fromkeys(shapes) if knots > 1 else ():
            if shape == "tree" and knobs.entities is None:
                knots = max(knots, knobs.least + rng.choice((0, 0, 1)))
            if shape in self.trails.shapes():
                draw = partial(self.trails.draw, rng, shape=shape, knots=knots, least=knobs.least)
                rare = knobs.least > 2 or (shape != "path" and shape == knobs.shape)
                tries = MEETINGS if rare else WALKS
                grown = self.grown(rng, knobs, draw, least=knobs.least, tries=tries)
                if grown is not None:
                    return self.inquiry(grown, knobs, "multi_hop")
        return None

    def inquiry(self, grown: Grown, knobs: Knobs, family: Family) -> Candidate | None:
        """Ask fields of the row at the end of a pinned trail; None where one of them is told."""
        sketch = Sketch(self.schema)
        node = self.pins.lay(sketch, grown.pinned)[-1]
        entity = self.schema.entity(grown.entity)
        fields = [f for f in grown.fields if not leaked(wire(entity, f, grown.row), sketch.facts)]
        if not fields or fields[0] is not grown.fields[0]:
            return None
        fields = fields[: knobs.acts or 1]
        for field in fields:
            sketch.emit(node, field.name)
        operators = grown_by(grown.trail, knobs) + ["widen"] * (len(fields) - 1)
        return self.finished(sketch, family, knobs, operators)
