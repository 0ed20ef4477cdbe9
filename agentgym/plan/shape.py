"""The shape of a plan: what it asks, whatever values it asks it of.

A plan comes in, a digest goes out. Plans of one shape have the same entities, fields, relations,
comparisons and measures, hung together in the same way, and tell their facts in the same ways;
what the facts hold is forgotten. Next: `tables`.
"""

from __future__ import annotations

from agentgym.formats import encode, fingerprint
from agentgym.plan.labelling import labelled
from agentgym.plan.nodes import Plan
from agentgym.plan.outline import outline

__all__ = ["shape"]


def shape(plan: Plan) -> str:
    """Return the digest of the plan without its values, in hexadecimal.

    Ids, the order of clues and of other commutative parts, and the family make no difference; the
    order of acts does.
    """
    colours, edges = outline(plan, values=False)
    order = labelled(colours, edges)
    form = [
        [colours[name] for name in sorted(order, key=order.__getitem__)],
        sorted([order[one], label, order[end]] for one, label, end in edges),
    ]
    return fingerprint(encode(form))
