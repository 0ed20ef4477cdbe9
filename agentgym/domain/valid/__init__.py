"""What must hold between the schema, the rules, the effects and the tools of a domain.

They may have been edited by hand: each fault is named with its place in `domain.json` and
what was probably meant. In order: `faults`, `structure`, `predicates`, `effects`, `circles`,
`terms`, `writes`, `sense`, here. Next: `records`.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentgym.domain.valid.circles import check_circles
from agentgym.domain.valid.effects import check_effect
from agentgym.domain.valid.faults import at, check_name, check_new
from agentgym.domain.valid.predicates import check_rule
from agentgym.domain.valid.sense import check_guards, check_sense
from agentgym.domain.valid.structure import check_structure
from agentgym.domain.valid.terms import check_parameters, check_reads
from agentgym.domain.valid.writes import check_writes
from agentgym.rules import Effect, Rule
from agentgym.schema import Schema
from agentgym.tools.algebra import Tool
from agentgym.tools.derive.naming import RESERVED_TOOLS

__all__ = ["check_parts"]


def check_parts(
    schema: Schema,
    rules: Sequence[Rule],
    effects: Sequence[Effect],
    tools: Sequence[Tool],
    *,
    where: str,
) -> None:
    """Check that the parts of a domain fit together.

    Args:
        schema: What the rows are like.
        rules: What must hold when tools write.
        effects: What happens besides.
        tools: What agents can do.
        where: The file, for messages.

    Raises:
        DomainError: They do not fit; says where and what was probably meant.
    """
    with at(f"{where} $.schema"):
        schema.validate(where=f"{where} $.schema")
    check_structure(schema, f"{where} $.schema")
    known: dict[str, Rule] = {}
    for place, rule in enumerate(rules):
        check_rule(rule, known, schema, f"{where} $.rules[{place}] ({rule.id})")
        known[rule.id] = rule
    named = {one.id for one in schema.derived}
    for place, effect in enumerate(effects):
        check_effect(effect, named, schema, f"{where} $.effects[{place}] ({effect.id})")
        named.add(effect.id)
    check_circles(schema, effects, where)
    seen: set[str] = set()
    for place, tool in enumerate(tools):
        here = f"{where} $.tools[{place}] ({tool.name})"
        check_name(tool.name, "a tool", RESERVED_TOOLS, here)
        check_new(tool.name, seen, "tool", here)
        seen.add(tool.name)
        check_parameters(tool.term, schema, f"{here}.term")
        check_reads(tool.term, schema, f"{here}.term")
        check_writes(tool.term, schema, f"{here}.term")
        check_guards(tool, known, schema, here)
    check_sense(schema, rules, tools, where)
