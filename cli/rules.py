"""`agentgym show DIR rules`, `policy`, `graph`: what must hold, as data, manual and graph."""

from __future__ import annotations

import msgspec

from agentgym.build.folder import policy
from agentgym.episode import Suite
from agentgym.formats import encode
from agentgym.rules import Rule, sentence
from agentgym.rules.graph import policy_graph

from .console import paragraph, say

__all__ = ["show_graph", "show_policy", "show_rules"]


def show_rules(suite: Suite, name: str | None, *, as_json: bool = False) -> None:
    """List the rules with what they guard and why they hold, or show one."""
    domain = suite.domain
    rules = [domain.rule(name)] if name is not None else list(domain.rules)
    if as_json:
        _json(rules)
        return
    for rule in rules:
        say(rule.id, style="bold")
        paragraph(sentence(rule, domain.schema), indent=2)
        paragraph(_kind(rule), indent=2)
        by = ", ".join(tool.name for tool in domain.tools if rule.id in tool.guards)
        paragraph(f"guards {by or 'no tool'}", indent=2)
        if rule.evidence:
            paragraph(f"because {'; '.join(rule.evidence)}", indent=2)


def _kind(rule: Rule) -> str:
    said = f"{rule.kind.replace('_', ' ')}, level {rule.level}"
    return said if rule.enforced else f"{said}, advice only"


def show_policy(suite: Suite, name: str | None, *, as_json: bool = False) -> None:
    """Print the desk manual of the domain."""
    del name
    text = policy(suite.domain).decode()
    if as_json:
        _json({"policy": text})
    else:
        say(text.rstrip("\n"))


def show_graph(suite: Suite, name: str | None, *, as_json: bool = False) -> None:
    """Print the rules with those that they meet, as text or as JSON; or one rule of them."""
    domain = suite.domain
    graph = policy_graph(domain.rules, domain.tools)
    if name is not None:
        wanted = domain.rule(name).id
        edges = tuple(edge for edge in graph.edges if wanted in edge.rules)
        near = {rule for edge in edges for rule in edge.rules} | {wanted}
        nodes = tuple(node for node in graph.nodes if node.rule in near)
        graph = msgspec.structs.replace(graph, nodes=nodes, edges=edges)
    if as_json:
        _json(graph)
    else:
        paragraph(
            "Each rule with its weight, the share of the guarded tools that it guards; below it, "
            "the rules that it meets: 2 for each tool that they share, 1 for the same rows."
        )
        say(graph.to_text().rstrip("\n"))


def _json(value: object) -> None:
    say(msgspec.json.format(encode(value), indent=1).decode())
