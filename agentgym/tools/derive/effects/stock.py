"""Amounts that follow what happens: stock falls with an order line, a movement moves a balance.

Only where a movement of its own does not do it already, and never into a derived field.
Next: `times`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agentgym.rules import Adjust, Effect, In
from agentgym.schema import Entity, Field, Product, Relation
from agentgym.tools.derive.effects.ground import Ground, plain, words

__all__ = ["amounts"]

_STOCK = frozenset("stock available onhand inventory remaining".split())
_LIMITS = frozenset(
    """min minimum max maximum reorder level threshold safety order ordered reserved allocated
    initial total capacity price value cost""".split()
)
_SOLD = frozenset("order sale invoice dispensing dispensation requisition issue shipment".split())
_LINE = frozenset("line item detail position entry".split())
_NOT_YET = frozenset(
    """purchase procurement supplier vendor replenishment basket cart wish wishlist quote
    quotation estimate offer return credit transfer stock inventory""".split()
)
_MOVES = frozenset(
    "movement transaction ledger adjustment entry posting move journal operation".split()
)
_SIGNED = frozenset("change delta adjustment signed difference".split())
_STOCK_IN = frozenset(
    """in receipt received receive purchase restock replenishment return returned inbound
    stock in found production goods in incoming""".split()
) | {"stock in", "goods in", "customer return"}
_STOCK_OUT = frozenset(
    """out issue issued sale sold consumption consumed used outbound loss damage damaged waste
    wasted scrapped shipment shipped dispatch dispensed expired write-off outgoing""".split()
) | {"stock out", "goods out", "write off"}
_MONEY_IN = frozenset("deposit credit refund interest topup incoming in inbound".split()) | {
    "top up", "transfer in", "pay in",
}  # fmt: skip
_MONEY_OUT = frozenset(
    "withdrawal debit fee charge outgoing out outbound purchase payment".split()
) | {"transfer out", "pay out", "withdraw"}


def amounts(ground: Ground) -> Iterator[Effect]:
    """Find the amounts of one entity that rows of another move."""
    for entity in ground.schema.entities:
        stock = _stock(ground, entity)
        balance = _balance(ground, entity)
        for held in (stock, balance):
            if held is None:
                continue
            kind = "quantity" if held is stock else "money"
            movements = [r for r in ground.children(entity.name) if _moves(ground, r, kind)]
            for relation in movements:
                yield from _moved(ground, held, relation, kind)
            if held is stock and not movements:
                yield from _sold(ground, entity, held)


def _numbers(ground: Ground, entity: Entity) -> list[Field]:
    return [
        f for f in entity.fields
        if f.type in ("integer", "decimal") and ground.settable(entity, f)
        and f.role in ("quantity", "money", "measure", "other")
    ]  # fmt: skip


def _stock(ground: Ground, entity: Entity) -> Field | None:
    """Return the one field that says how much there is of the thing, or None."""
    found = []
    for field in _numbers(ground, entity):
        said = words(field)
        held = bool(said & _STOCK) or {"on", "hand"} <= said
        if field.role in ("quantity", "other") and held and not said & _LIMITS:
            found.append(field)
    return found[0] if len(found) == 1 else None


def _balance(ground: Ground, entity: Entity) -> Field | None:
    found = [
        f for f in _numbers(ground, entity)
        if f.role == "money" and "balance" in words(f) and not words(f) & {"due", "opening", "min"}
    ]  # fmt: skip
    return found[0] if len(found) == 1 else None


def _of(ground: Ground, entity: Entity, kind: str) -> Field | None:
    """Return the one quantity, or amount of money, of a line or movement."""
    found = [
        f for f in entity.fields
        if f.type in ("integer", "decimal") and f.role == kind
        and not words(f) & {"balance", "price", "cost", "rate", "allocated", "after", "before"}
        and (entity.name, f.name) not in ground.schema.computed
    ]  # fmt: skip
    if kind == "quantity":
        found = [f for f in found if words(f) & {"quantity", "qty", "units", "change", "delta"}]
    return found[0] if len(found) == 1 else None


def _moves(ground: Ground, relation: Relation, kind: str) -> bool:
    """Tell whether the rows that refer here are movements of what is held."""
    child = ground.schema.entity(relation.entity)
    said = {word.removesuffix("s") for word in words(child)}
    return bool(said & _MOVES) and _of(ground, child, kind) is not None


def _moved(ground: Ground, held: Field, relation: Relation, kind: str) -> Iterator[Effect]:
    """Yield what one kind of movement does: by its sign, or by what its type says."""
    child = ground.schema.entity(relation.entity)
    amount = _of(ground, child, kind)
    if amount is None or amount.scale > held.scale:
        return
    values = ground.columns(child.name, amount.name)
    signed = any(isinstance(v, int) and v < 0 for v in values)
    bounded = any(
        c.entity == child.name and c.field == amount.name and c.op in ("ge", "gt")
        for c in ground.schema.checks
    )
    types = [
        f for f in child.fields
        if f.type == "enum" and words(f) & {"type", "kind", "direction", "reason", "movement"}
    ]  # fmt: skip
    if signed or (words(amount) & _SIGNED and not bounded):
        said = "both signs occur" if signed else "by name: a change, up or down"
        yield _adjust(child, relation, held, amount, 1, said)
    elif len(types) == 1:
        sides = _sides(types[0].values or (), kind)
        for sign, listed in zip((1, -1), sides, strict=True):
            if listed:
                test = In(field=types[0].name, values=listed)
                said = f"by name: {', '.join(listed)} {'adds' if sign > 0 else 'takes away'}"
                yield _adjust(child, relation, held, amount, sign, said, test)


def _sides(values: Sequence[str], kind: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the types that add and those that take away; none where one is neither."""
    ups, downs = (_STOCK_IN, _STOCK_OUT) if kind == "quantity" else (_MONEY_IN, _MONEY_OUT)
    up = tuple(v for v in values if plain(v) in ups)
    down = tuple(v for v in values if plain(v) in downs)
    return (up, down) if up and down and len(up) + len(down) == len(values) else ((), ())


def _adjust(
    child: Entity,
    relation: Relation,
    held: Field,
    amount: Field,
    sign: int,
    said: str,
    when: In | None = None,
) -> Effect:
    side = "" if when is None else "_up" if sign > 0 else "_down"
    return Effect(
        id=f"{child.name}_moves_{held.name}{side}",
        entity=child.name,
        on=("create",) if when else ("create", "update", "delete"),
        fields=() if when else (amount.name, *relation.fields),
        when=when,
        do=Adjust(
            path=(relation.name,),
            field=held.name,
            by=Product(fields=(amount.name,), sign=1 if sign > 0 else -1),
        ),
        evidence=(said,),
    )


def _sold(ground: Ground, entity: Entity, held: Field) -> Iterator[Effect]:
    """Yield what lines of orders do to the stock; where several kinds of line might, nothing."""
    lines = [r for r in ground.children(entity.name) if _sells(ground, r)]
    if len(lines) != 1:
        return
    relation = lines[0]
    line = ground.schema.entity(relation.entity)
    quantity = _of(ground, line, "quantity")
    if quantity is None or quantity.scale > held.scale:
        return
    yield _adjust(
        line, relation, held, quantity, -1,
        f"by name: each {line.label} takes from the {held.label} of its {relation.label}",
    )  # fmt: skip
    yield from _put_back(ground, line, relation, held, quantity)


def _sells(ground: Ground, relation: Relation) -> bool:
    """Tell whether the rows that refer here are lines of something that goes out."""
    child = ground.schema.entity(relation.entity)
    parents = [r for r in ground.schema.parents(child.name) if r.target != relation.target]
    orders = [
        r for r in parents
        if words(ground.schema.entity(r.target)) & _SOLD
        and not words(ground.schema.entity(r.target)) & _NOT_YET
    ]  # fmt: skip
    named = (
        bool(words(child) & _LINE)
        or child.kind == "link"
        or set(child.key) & {name for r in orders for name in r.fields}
    )
    quantity = _of(ground, child, "quantity")
    return bool(orders and named) and quantity is not None and not words(child) & _NOT_YET


def _put_back(
    ground: Ground, line: Entity, relation: Relation, held: Field, quantity: Field
) -> Iterator[Effect]:
    """Yield that cancelling an order puts its goods back."""
    for up in ground.schema.parents(line.name):
        order = ground.schema.entity(up.target)
        states = ground.states(order)
        if up.target == relation.target or states is None or not words(order) & _SOLD:
            continue
        cycle = ground.cycle(order.name, states.name)
        off = tuple(v for v in states.values or () if plain(v) in ("cancelled", "canceled"))
        if cycle is not None and off and not any(cycle.moves.get(v) for v in off):
            yield Effect(
                id=f"{order.name}_{plain(off[0])}_returns_{held.name}",
                entity=order.name,
                on=("update",),
                fields=(states.name,),
                when=In(field=states.name, values=off),
                each=up.name,
                do=Adjust(
                    path=(relation.name,),
                    field=held.name,
                    by=Product(fields=(quantity.name,)),
                ),
                evidence=(f"by name: a {off[0]} {order.label} gives back what its lines took",),
            )
