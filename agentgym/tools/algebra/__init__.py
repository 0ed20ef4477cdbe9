"""The algebra of tools: a tool is one term, and the term is data.

A term says completely what a tool does and which parameters it has, so that no tool can declare
an argument that it ignores. Every call gives what its term's docstring says, or an error with a
code (`not_found`, `conflict`, `rule_broken` ...); a call that fails changes nothing. In the order
of the files: `pieces` of terms, terms that read (`reads`), terms that write (`writes`), those that
belong to no entity (`desk`), and the `tool`.

Not part of a term, but added by the world to every write: derived values, effects, and the rules
that hold whoever writes (`schema.invariants`, `rules.effect`, `rules.rule`). Next: `pieces`.
"""

from __future__ import annotations

from agentgym.tools.algebra.desk import (
    INTRINSIC,
    WATCHING,
    AskUser,
    Calculate,
    Conclude,
    Condition,
    CurrentTime,
    ListTools,
    LookUpTerm,
    MakePlan,
    Meaning,
    Offer,
    ReadManual,
    RecallNotes,
    SearchManual,
    ShowToolDoc,
    TakeNote,
    ThinkAloud,
    Wait,
)
from agentgym.tools.algebra.pieces import Argument, Filter, Function, Nested, Op, Order, Side
from agentgym.tools.algebra.reads import (
    Aggregate,
    Find,
    Get,
    Identify,
    ListRelated,
    Path,
    Search,
)
from agentgym.tools.algebra.tool import Term, Tool, is_write, listed, subject, touched
from agentgym.tools.algebra.writes import (
    WRITES,
    Create,
    Delete,
    Link,
    Sequence,
    Step,
    Transfer,
    Transition,
    Unlink,
    Update,
)

__all__ = [
    "INTRINSIC",
    "WATCHING",
    "WRITES",
    "Aggregate",
    "Argument",
    "AskUser",
    "Calculate",
    "Conclude",
    "Condition",
    "Create",
    "CurrentTime",
    "Delete",
    "Filter",
    "Find",
    "Function",
    "Get",
    "Identify",
    "Link",
    "ListRelated",
    "ListTools",
    "LookUpTerm",
    "MakePlan",
    "Meaning",
    "Nested",
    "Offer",
    "Op",
    "Order",
    "Path",
    "ReadManual",
    "RecallNotes",
    "Search",
    "SearchManual",
    "Sequence",
    "ShowToolDoc",
    "Side",
    "Step",
    "TakeNote",
    "Term",
    "ThinkAloud",
    "Tool",
    "Transfer",
    "Transition",
    "Unlink",
    "Update",
    "Wait",
    "is_write",
    "listed",
    "subject",
    "touched",
]
