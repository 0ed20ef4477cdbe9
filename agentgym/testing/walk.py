"""Long seeded histories of sensible calls: a domain's world beside its model, call by call.

Where the state machine looks for the smallest surprise, `check_history` goes far: most of its
calls succeed, because values come from the rows that are there. Next: `machine`.
"""

from __future__ import annotations

import random
from collections import Counter
from decimal import Decimal

from msgspec.structs import replace

from agentgym.domain import Domain
from agentgym.formats import Json
from agentgym.rng import stream
from agentgym.schema import Field
from agentgym.schema.types import to_wire
from agentgym.testing.machine import check_call
from agentgym.testing.model import Model
from agentgym.tools.algebra import Tool, is_write
from agentgym.tools.parameters import bindings, parameters
from agentgym.world.compile import Engine
from agentgym.world.journal import rows_hash

__all__ = ["check_history"]

_LOOK = 25
"""Calls between two comparisons of all rows."""


def check_history(domain: Domain, *, seed: int = 0, calls: int = 500) -> Counter[str]:
    """Let the same history happen to a world and to the model, and compare them.

    Args:
        domain: The domain under test.
        seed: Draws everything.
        calls: How many calls are made.

    Returns:
        How often each tool succeeded (`tool`), and was refused (`tool: code`, or the broken rule).

    Raises:
        AssertionError: A result, a row, a digest or the session differs.
    """
    draws = stream("history", domain.name, seed)
    engine = Engine(domain)
    world, model = engine.world(), Model(domain)
    kept = [(world.snapshot(), model.snapshot())]
    tools = [tool for tool in domain.tools if is_write(tool)] * 3 + list(domain.tools)
    found: Counter[str] = Counter()
    for number in range(calls):
        tool = draws.choice(tools)
        sent = _arguments(tool, domain, model, draws)
        before = world.digest()
        result = check_call(engine, world, model, tool.name, sent)
        told = result.error and (result.error.rule or result.error.code)
        found[tool.name if told is None else f"{tool.name}: {told}"] += 1
        assert result.ok or world.digest() == before, "a refused call changed a row"
        match draws.randrange(40):
            case 0 | 1 | 2 | 3:
                world.session = replace(world.session, confirmed=world.session.confirmed + 1)
                model.agree()
            case 4 | 5:
                world.tick()
                model.turns += 1
            case 6:
                kept.append((world.snapshot(), model.snapshot()))
            case 7:
                snapshot, copy = draws.choice(kept)
                world.restore(snapshot)
                model.restore(copy)
            case 8:
                world = world.fork()
            case 9 if number > calls // 2:
                world.reset()
                model.reset()
            case _:
                pass
        if number % _LOOK == 0:
            _same(world, model)
    _same(world, model)
    return found


def _same(world: object, model: Model) -> None:
    rows = {e.name: world.rows(e.name) for e in model.schema.entities}  # type: ignore[attr-defined]
    for name, here in rows.items():
        assert here == model.rows(name), f"the rows of {name} differ"
    assert world.digest() == f"{rows_hash(rows):032x}", "the digest is not that of the rows"  # type: ignore[attr-defined]


def _arguments(tool: Tool, domain: Domain, model: Model, draws: random.Random) -> dict[str, Json]:
    declared, bound = parameters(tool, domain.schema), bindings(tool.term, domain.schema)
    return _object("", declared, bound, domain, model, draws)


def _object(
    prefix: str,
    declared: dict[str, Json],
    bound: dict[str, tuple[str, str, str]],
    domain: Domain,
    model: Model,
    draws: random.Random,
) -> dict[str, Json]:
    sent: dict[str, Json] = {}
    chosen: dict[str, dict[str, Json]] = {}
    whole: dict[str, dict[str, Json]] = {}
    for name, kind in declared["properties"].items():
        need = name in declared["required"]
        if not need and draws.random() < 0.5:
            continue
        if kind.get("type") == "array":
            count = draws.randint(kind["minItems"], min(3, kind["maxItems"]))
            sent[name] = [
                _object(f"{prefix}{name}[].", kind["items"], bound, domain, model, draws)
                for _ in range(count)
            ]
        elif f"{prefix}{name}" in bound:
            value = _value(bound[f"{prefix}{name}"], domain, model, draws, chosen, whole)
            if value is None and (need or draws.random() < 0.7):
                field = domain.schema.entity(bound[f"{prefix}{name}"][0])
                value = _made(field.field(bound[f"{prefix}{name}"][1]), draws)
            sent[name] = value
        else:
            sent[name] = _free(kind, draws)
    return sent


def _value(
    bound: tuple[str, str, str],
    domain: Domain,
    model: Model,
    draws: random.Random,
    chosen: dict[str, dict[str, Json]],
    whole: dict[str, dict[str, Json]],
) -> Json:
    """Take a value of a row that is there: of the parent for a reference, of one row for a key."""
    entity, name, use = bound
    luck = draws.random()
    for relation in domain.schema.parents(entity):
        if name in relation.fields and use in ("value", "end") and luck < 0.95:
            name = relation.target_fields[relation.fields.index(name)]
            entity, luck = relation.target, 0.0
            break
    field = domain.schema.entity(entity).field(name)
    table = model.tables[entity]
    if not table or luck > (0.3 if use in ("value", "amount", "to") else 0.97):
        return _made(field, draws)
    row = chosen.get(entity)
    if row is None or name in row:
        # The same field a second time: another row is meant.
        row = {}
        chosen[entity] = row
        whole[entity] = draws.choice(list(table.values()))
    row[name] = whole[entity][name]
    return to_wire(field, row[name])


def _made(field: Field, draws: random.Random) -> Json:
    match field.type:
        case "integer":
            return draws.choice((0, 1, 1, 2, 2, 3, 5, 8, 40, -1))
        case "decimal":
            return Decimal(draws.choice((0, 1, 5, 50, 125, 999, 2500, -5))).scaleb(-field.scale)
        case "float":
            return draws.choice((0.0, 0.5, 1.25, 3.0, 12.75, -2.5))
        case "boolean":
            return draws.random() < 0.5
        case "date":
            return (
                f"20{draws.randint(20, 29)}-{draws.randint(1, 12):02d}-{draws.randint(1, 28):02d}"
            )
        case "datetime":
            day = f"2026-{draws.randint(1, 12):02d}-{draws.randint(1, 28):02d}"
            return f"{day}T{draws.randint(0, 23):02d}:00:00Z"
        case "enum":
            return draws.choice(field.values or ("",))
        case "json":
            return draws.choice(({}, [1], "x", {"a": [None]}))
        case "bytes":
            return draws.choice(("", "QQ=="))
        case _:
            text = draws.choice(("a", "bee", "Cé", "42", "x y")) + str(draws.randrange(30))
            return text if field.max_length is None else text[: field.max_length]


def _free(kind: dict[str, Json], draws: random.Random) -> Json:
    if "enum" in kind:
        return draws.choice(kind["enum"])
    if kind.get("type") == "boolean":
        return draws.random() < 0.5
    if kind.get("type") == "integer":
        return draws.randint(1, 3)
    return draws.choice(("1 + 2", "what is it", "tools"))
