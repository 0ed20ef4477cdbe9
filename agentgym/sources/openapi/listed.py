"""The tools of a list as operations: OpenAI's function tools, and those of an MCP server.

Next: `operations`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from agentgym.formats import Json
from agentgym.sources.openapi.document import LONGEST_TEXT, common_prefix, unique_name
from agentgym.sources.openapi.envelope import contents
from agentgym.sources.openapi.intent import intent
from agentgym.sources.openapi.kind import is_bare, is_tool
from agentgym.sources.openapi.prose import prose, sentence
from agentgym.sources.openapi.refs import References
from agentgym.sources.openapi.shapes import DEPTH, Shapes
from agentgym.tools.pool.operation import Operation, Operations, Parameter

__all__ = ["read_tools"]

_READS = frozenset({"get", "list", "count"})


def read_tools(tools: Sequence[Json], *, name: str, sha256: str) -> Operations:
    """Read a list of tools.

    Args:
        tools: As `kind.tool_list` gives them.
        name: What to call the list.
        sha256: Of the text.
    """
    skipped: Counter[str] = Counter()
    good = [one for one in tools if is_tool(one) or is_bare(one)]
    skipped["entry of the list that is no tool"] += len(tools) - len(good)
    named = [_function(one) for one in good]
    prefix = common_prefix([str(one["name"]) for one in named])
    taken: set[str] = set()
    operations = [
        _operation(outer, one, name, prefix, taken, skipped)
        for outer, one in zip(good, named, strict=True)
    ]
    mcp = any("inputSchema" in one for one in named)
    return Operations(
        api=name,
        title=name,
        kind="tools",
        dialect="MCP" if mcp else "OpenAI",
        sha256=sha256,
        operations=tuple(operations),
        skipped={what: n for what, n in sorted(skipped.items()) if n},
    )


def _function(one: Mapping[str, Json]) -> Mapping[str, Json]:
    inner = one.get("function")
    return inner if isinstance(inner, dict) else one


def _operation(
    outer: Mapping[str, Json],
    one: Mapping[str, Json],
    api: str,
    prefix: Sequence[str],
    taken: set[str],
    skipped: Counter[str],
) -> Operation:
    schema = one.get("inputSchema") or one.get("input_schema") or one.get("parameters") or {}
    shapes = Shapes(References(schema, None, skipped), skipped)
    meant = intent(str(one["name"]), "", "", prefix=prefix)
    given = one.get("outputSchema") or one.get("output_schema")
    gives, many = None, False
    if isinstance(given, dict):
        answers = Shapes(References(given, None, skipped), skipped)
        gives, many = contents(answers.read(given), meant.noun)
    hints = outer.get("annotations")
    hints = hints if isinstance(hints, dict) else {}
    reads = hints.get("readOnlyHint")
    text = prose(one.get("description"), LONGEST_TEXT) or prose(one.get("title"), LONGEST_TEXT)
    return Operation(
        api=api,
        name=unique_name(str(one["name"]), taken),
        source=str(one["name"])[:200],
        description=sentence(text),
        resource=meant.noun,
        writes=meant.verb not in _READS if not isinstance(reads, bool) else not reads,
        takes=tuple(_takes(shapes, schema)),
        gives=gives,
        many=many,
    )


def _takes(shapes: Shapes, schema: Json) -> Iterator[Parameter]:
    for one in shapes.read(schema, DEPTH - 1).fields:
        yield Parameter(name=one.name, place="body", required=one.required, shape=one)
