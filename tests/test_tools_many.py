"""The tools that write several rows, and the tool that identifies who is served."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from strategies import schemas

from agentgym import rules
from agentgym.domain import Clock, Domain, Source
from agentgym.schema import Check, Derived, Entity, Field, Product, Relation, Schema
from agentgym.schema.roles import infer
from agentgym.sources import read
from agentgym.tools.algebra import (
    Create,
    Delete,
    Identify,
    Link,
    Sequence,
    Tool,
    Transfer,
    Unlink,
    is_write,
    touched,
)
from agentgym.tools.derive import derive, manual_tools
from agentgym.tools.derive.naming import RESERVED_PARAMETERS, RESERVED_TOOLS
from agentgym.tools.derive.party import identify_tool, owner_paths, party
from agentgym.tools.parameters import bindings, parameters
from agentgym.world.compile import Engine

SCRIPT = """
CREATE TABLE customers (
    customer_id INTEGER PRIMARY KEY,
    first_name VARCHAR(40) NOT NULL,
    last_name VARCHAR(40) NOT NULL,
    email VARCHAR(80) NOT NULL UNIQUE,
    date_of_birth DATE NOT NULL,
    password_hash VARCHAR(80),
    loyalty_points INTEGER NOT NULL DEFAULT 0 CHECK (loyalty_points >= 0)
);
CREATE TABLE wallets (
    wallet_id INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customers (customer_id),
    currency CHAR(3) NOT NULL,
    balance NUMERIC(12, 2) NOT NULL CHECK (balance >= 0)
);
CREATE TABLE products (
    product_id INTEGER PRIMARY KEY,
    name VARCHAR(80) NOT NULL,
    units_in_stock INTEGER NOT NULL CHECK (units_in_stock >= 0)
);
CREATE TABLE warehouses (
    warehouse_id INTEGER PRIMARY KEY,
    name VARCHAR(80) NOT NULL
);
CREATE TABLE stock (
    warehouse_id INTEGER NOT NULL REFERENCES warehouses (warehouse_id),
    product_id INTEGER NOT NULL REFERENCES products (product_id),
    quantity INTEGER NOT NULL CHECK (quantity >= 0),
    reorder_level INTEGER NOT NULL CHECK (reorder_level >= 0),
    PRIMARY KEY (warehouse_id, product_id)
);
CREATE TABLE bins (
    bin_id INTEGER PRIMARY KEY,
    location_id INTEGER NOT NULL REFERENCES warehouses (warehouse_id),
    product_id INTEGER NOT NULL REFERENCES products (product_id),
    on_hand INTEGER NOT NULL CHECK (on_hand >= 0),
    UNIQUE (location_id, product_id)
);
CREATE TABLE orders (
    order_id INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customers (customer_id),
    ordered_at TIMESTAMP NOT NULL,
    total NUMERIC(10, 2) NOT NULL,
    status VARCHAR(12) NOT NULL CHECK (status IN ('new', 'confirmed', 'shipped', 'cancelled'))
);
CREATE TABLE order_lines (
    order_id INTEGER NOT NULL REFERENCES orders (order_id),
    product_id INTEGER NOT NULL REFERENCES products (product_id),
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    unit_price NUMERIC(10, 2) NOT NULL,
    PRIMARY KEY (order_id, product_id)
);
CREATE TABLE invoices (
    invoice_id INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL REFERENCES orders (order_id),
    amount NUMERIC(10, 2) NOT NULL,
    status VARCHAR(12) NOT NULL CHECK (status IN ('open', 'paid', 'cancelled'))
);
CREATE TABLE payments (
    payment_id INTEGER PRIMARY KEY,
    invoice_id INTEGER NOT NULL REFERENCES invoices (invoice_id),
    amount NUMERIC(10, 2) NOT NULL CHECK (amount > 0),
    paid_at TIMESTAMP NOT NULL
);
CREATE TABLE appointments (
    appointment_id INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customers (customer_id),
    starts_at TIMESTAMP NOT NULL,
    status VARCHAR(12) NOT NULL CHECK (status IN ('booked', 'completed', 'cancelled'))
);
CREATE TABLE tags (
    tag_id INTEGER PRIMARY KEY,
    name VARCHAR(40) NOT NULL UNIQUE
);
CREATE TABLE product_tags (
    product_id INTEGER NOT NULL REFERENCES products (product_id),
    tag_id INTEGER NOT NULL REFERENCES tags (tag_id),
    PRIMARY KEY (product_id, tag_id)
);
CREATE TABLE favourites (
    favourite_id INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customers (customer_id),
    product_id INTEGER NOT NULL REFERENCES products (product_id),
    UNIQUE (customer_id, product_id)
);
CREATE TABLE visits (
    visit_id INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customers (customer_id),
    warehouse_id INTEGER NOT NULL REFERENCES warehouses (warehouse_id)
);
"""
ROWS: dict[str, tuple[tuple[Any, ...], ...]] = {
    "customer": (
        (1, "Ann", "Lee", "ann@example.org", "1990-01-01", None, 50),
        (2, "Bo", "Ray", "bo@example.org", "1991-02-02", None, 0),
    ),
    "wallet": ((1, 1, "EUR", 5000), (2, 2, "EUR", 100), (3, 2, "USD", 0)),
    "product": ((1, "bolt", 3), (2, "nut", 4)),
    "warehouse": ((1, "north"), (2, "south")),
    "stock": ((1, 1, 9, 1), (2, 1, 0, 1), (2, 2, 5, 1)),
    "bin": ((1, 1, 1, 7), (2, 2, 1, 0), (3, 2, 2, 1)),
    "appointment": ((1, 1, "2026-01-05T09:00:00Z", "booked"),),
    "order": ((1, 1, "2026-01-01T09:00:00Z", 1000, "new"),),
    "invoice": ((1, 1, 1000, "open"),),
    "tag": ((1, "steel"), (2, "small")),
    "product_tag": ((1, 1),),
    "favourite": ((1, 1, 1),),
}


@cache
def desk() -> Schema:
    """Give the schema of a trade with everything that these tools are about."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "desk.sql"
        path.write_text(SCRIPT)
        draft = read(path)
    return infer(draft.schema, draft.rows)


def tools_of(schema: Schema) -> dict[str, Tool]:
    return {tool.name: tool for tool in derive(schema, rules.derive(schema))}


def domain_of(schema: Schema, rows: dict[str, Any] | None = None) -> Domain:
    made = rules.derive(schema)
    return Domain(
        name="drawn",
        title="Drawn",
        description="",
        schema=schema,
        rules=made,
        tools=derive(schema, made),
        clock=Clock(start="2026-01-01T00:00:00Z"),
        source=Source(kind="sql", name="x.sql", sha256="0"),
        rows=rows or {},
    )


def properties(tool: Tool, schema: Schema) -> dict[str, Any]:
    found: dict[str, Any] = parameters(tool, schema)["properties"]
    return found


def required(schema: Schema, entity: Entity) -> set[str]:
    """Name what a new row must be given by somebody."""
    starts = {c.field for c in schema.lifecycles if c.entity == entity.name and len(c.initial) == 1}
    return {
        field.name
        for field in entity.fields
        if not (field.nullable or field.generated or field.default is not None)
        and field.name not in starts
        and (entity.name, field.name) not in schema.computed
        and not (field.role == "audit" and field.type in ("date", "datetime"))
        and (field.name not in entity.key or entity.key_source == "given")
    }


@st.composite
def wide(draw: st.DrawFn) -> Schema:
    """Draw a schema with links of two or three ends, with and without a key of their own."""
    schema = draw(schemas(least=2, most=4))
    entities, relations = list(schema.entities), list(schema.relations)
    single = [entity for entity in entities if len(entity.key) == 1]
    for number in range(draw(st.integers(0, 2))):
        name = draw(st.sampled_from([f"link_{number}", f"{entities[0].name}_entry_{number}"]))
        ends = draw(st.lists(st.sampled_from(single), min_size=2, max_size=3))
        own = tuple(
            Field(
                name=f"end_{place}_id",
                label=f"end {place}",
                type=end.field(end.key[0]).type,
                role="reference",
                nullable=draw(st.integers(0, 5)) == 0,
                generated=draw(st.integers(0, 9)) == 0,
            )
            for place, end in enumerate(ends)
        )
        names = tuple(field.name for field in own)
        more = (Field(name="share", label="share", type="integer", role="quantity"),)
        surrogate = draw(st.booleans())
        key = (Field(name="id", label="id", type="integer", unique=True, role="key"),)
        entities.append(
            Entity(
                name=name,
                label=name.replace("_", " "),
                plural=f"{name.replace('_', ' ')}s",
                kind="link",
                key=("id",) if surrogate else names,
                key_source=draw(st.sampled_from(["counter", "given"])) if surrogate else "given",
                uniques=(names,) if surrogate and draw(st.booleans()) else (),
                fields=(
                    *(key if surrogate else ()),
                    *own,
                    *(more if draw(st.booleans()) else ()),
                ),
                writable=draw(st.integers(0, 5)) > 0,
            )
        )
        relations += [
            Relation(
                name=f"{name}_{field.name}",
                entity=name,
                fields=(field.name,),
                target=end.name,
                target_fields=end.key,
                label=end.label,
                inverse=f"{name}s",
            )
            for field, end in zip(own, ends, strict=True)
        ]
    found = msgspec.structs.replace(schema, entities=tuple(entities), relations=tuple(relations))
    found = msgspec.structs.replace(found, derived=draw(computed(found)))
    found.validate()
    return found


@st.composite
def computed(draw: st.DrawFn, schema: Schema) -> tuple[Derived, ...]:
    """Draw fields that the world computes: how many rows refer to one, or another number of it."""
    found = []
    for entity in schema.entities:
        for field in entity.fields:
            if field.role not in ("money", "quantity") or draw(st.booleans()):
                continue
            others = [f.name for f in entity.fields if f is not field and f.role == "measure"]
            inward = schema.children(entity.name)
            if inward and field.type == "integer":
                ways: dict[str, Any] = {"how": "count", "relation": inward[0].name}
            elif others:
                ways = {"terms": (Product(fields=(others[0],)),)}
            else:
                continue
            name = f"{entity.name}_{field.name}_follows"
            found.append(Derived(id=name, entity=entity.name, field=field.name, **ways))
    return tuple(found)


# of every schema


@given(wide())
def test_names_and_parameters_are_legal(schema: Schema) -> None:
    """Names are unique and free; each parameter is a valid schema, bound, and named once."""
    tools = derive(schema, rules.derive(schema))
    names = [tool.name for tool in tools]
    assert len(set(names)) == len(names)
    assert not set(names) & (RESERVED_TOOLS | {tool.name for tool in manual_tools()})
    for tool in tools:
        assert re.fullmatch(r"[a-z][a-z0-9_]{0,63}", tool.name)
        if not is_write(tool):
            continue
        scheme = parameters(tool, schema)
        Draft202012Validator.check_schema(scheme)
        assert len(set(scheme["required"])) == len(scheme["required"])
        assert set(scheme["required"]) <= set(scheme["properties"])
        bound = {name.partition("[]")[0] for name in bindings(tool.term, schema)}
        assert bound == set(scheme["properties"])
        for one in scheme["properties"].values():
            inner = one["items"]["properties"] if one.get("type") == "array" else {}
            assert not set(inner) & RESERVED_PARAMETERS
        assert not bound & RESERVED_PARAMETERS
        for name in bound:
            assert re.fullmatch(r"[a-zA-Z][a-zA-Z0-9_]{0,63}", name)


@given(wide())
def test_all_make_a_valid_domain(schema: Schema) -> None:
    """A domain of the derived tools is valid as it stands, with guards that its tools can meet."""
    domain_of(schema).validate()


@given(wide())
def test_links_are_joined_and_parted_by_their_ends(schema: Schema) -> None:
    """A link has no plain create or delete; it is parted by its ends if they tell it apart."""
    tools = derive(schema, rules.derive(schema))
    for entity in schema.entities:
        if entity.kind != "link" or not entity.writable:
            continue
        mine = [tool.term for tool in tools if getattr(tool.term, "entity", "") == entity.name]
        joins = [term for term in mine if isinstance(term, Link)]
        parts = [term for term in mine if isinstance(term, Unlink)]
        able = not any(f.generated or f.role in ("audit", "secret") for f in entity.fields)
        if able:
            assert len(joins) == 1
            assert not any(isinstance(term, Create) for term in mine)
            assert len(parts) + sum(isinstance(term, Delete) for term in mine) == 1
        pointing = {name for relation in schema.parents(entity.name) for name in relation.fields}
        both: list[Link | Unlink] = [*joins, *parts]
        for term in both:
            ends = {one.field for one in term.ends}
            assert len(ends) >= 2
            assert ends <= pointing
            assert all(one.required for one in term.ends)
        for parted in parts:
            ends = {one.field for one in parted.ends}
            singles = {field.name for field in entity.fields if field.unique}
            assert singles & ends or any(set(u) <= ends for u in (entity.key, *entity.uniques))
        for joined in joins:
            ends = {one.field for one in joined.ends}
            assert required(schema, entity) <= ends | {one.field for one in joined.values}
            assert parts or ends == pointing


@given(wide())
def test_computed_fields_are_never_written(schema: Schema) -> None:
    """No write takes a field that the world computes, not in a list either; but texts tell."""
    for tool in derive(schema, rules.derive(schema)):
        if not is_write(tool):
            continue
        for owner, name, use in bindings(tool.term, schema).values():
            assert use not in ("value", "to", "amount") or (owner, name) not in schema.computed
        if isinstance(tool.term, Create) and not tool.term.nested:
            mine = [one for one in schema.derived if one.entity == tool.term.entity]
            assert (" from " in tool.description) >= bool(mine)


@given(wide())
def test_lists_of_parts_are_complete(schema: Schema) -> None:
    """A nested row gets all that it needs: by the caller, from its parent, or by itself."""
    for tool in derive(schema, rules.derive(schema)):
        if not isinstance(tool.term, Create) or not tool.term.nested:
            continue
        assert len(tool.term.nested) <= 2
        for nested in tool.term.nested:
            relation = schema.relation(nested.relation)
            child = schema.entity(relation.entity)
            taken = {one.field for one in nested.values}
            assert relation.target == tool.term.entity
            assert child.writable
            assert not schema.children(child.name)
            assert taken
            assert not taken & set(relation.fields)
            assert required(schema, child) <= taken | set(relation.fields)


@given(wide())
def test_sequences_bind_all_that_their_steps_need(schema: Schema) -> None:
    """At most two; what a step takes is set, taken from an earlier step, or a parameter."""
    tools = derive(schema, rules.derive(schema))
    made = [tool for tool in tools if isinstance(tool.term, Sequence)]
    assert len(made) <= 2
    for tool in made:
        assert isinstance(tool.term, Sequence)
        declared = properties(tool, schema)
        for place, step in enumerate(tool.term.steps):
            inner = properties(Tool(name="x", description="", term=step.term), schema)
            assert set(inner) == (set(inner) & declared.keys()) | step.given.keys() | set(
                step.taken
            )
            for path in step.taken.values():
                number, _, name = path.partition(".")
                assert int(number) < place
                (entity,) = touched(tool.term.steps[int(number)].term, schema)
                schema.entity(entity).field(name)


@given(wide())
def test_descriptions_read(schema: Schema) -> None:
    """Sentences without identifiers in them, but for the names of tools and quoted words."""
    tools = derive(schema, rules.derive(schema))
    names = {tool.name for tool in tools}
    for tool in tools:
        if not isinstance(tool.term, (Link, Unlink, Transfer, Sequence)) and not getattr(
            tool.term, "nested", ()
        ):
            continue
        for said in _texts(tool, schema):
            assert said == said.strip()
            assert said[0].isupper()
            assert said.endswith((".", "?", "!"))
            assert len(said) <= 1024
            assert "  " not in said
            words = set(re.findall(r"\w*_\w*", re.sub(r'"[^"]*"|\([^)]*\)|To begin.*', "", said)))
            assert words <= names | _states(schema), said


def _texts(tool: Tool, schema: Schema) -> Iterator[str]:
    yield tool.description
    for one in properties(tool, schema).values():
        yield one["description"]
        if one.get("type") == "array":
            yield from (inner["description"] for inner in one["items"]["properties"].values())


def _states(schema: Schema) -> set[str]:
    return {state for cycle in schema.lifecycles for state in cycle.moves}


# who is served


@given(wide())
def test_owner_paths_are_the_shortest_clear_ones(schema: Schema) -> None:
    """Each path leads up to the party, over distinct rows, and no way costs less."""
    for whom in schema.entities:
        found = owner_paths(schema, whom)
        assert found[whom.name] == ()
        for name, path in found.items():
            here, cost = name, 0
            for step in path:
                relation = schema.relation(step)
                assert relation.entity == here
                assert relation.target != here
                cost += _cost(schema, relation)
                here = relation.target
            assert here == whom.name
            assert cost <= min(_costs(schema, name, whom.name), default=0)
        for entity in schema.entities:
            if entity.name not in found:
                costs = sorted(_costs(schema, entity.name, whom.name))
                assert len(costs) != 1, "the only way was not taken"


def _cost(schema: Schema, relation: Relation) -> int:
    child = schema.entity(relation.entity)
    return 2 if any(child.field(name).nullable for name in relation.fields) else 1


def _costs(schema: Schema, start: str, end: str, seen: tuple[str, ...] = ()) -> Iterator[int]:
    """Yield what each way without circles costs, by trying them all."""
    if start == end:
        yield 0
        return
    for relation in schema.parents(start):
        audit = any(schema.entity(start).field(f).role == "audit" for f in relation.fields)
        if relation.target in (*seen, start) or audit:
            continue
        for rest in _costs(schema, relation.target, end, (*seen, start)):
            yield rest + _cost(schema, relation)


@given(wide())
def test_identify_asks_for_what_can_be_told(schema: Schema) -> None:
    """Two facts, or one unique; never a secret, a reference or something no one can say."""
    whom = party(schema)
    if whom is not None:
        assert identify_tool(schema, whom) is not None
        assert len(owner_paths(schema, whom)) > 1
    for entity in schema.entities:
        tool = identify_tool(schema, entity)
        if tool is None:
            continue
        assert isinstance(tool.term, Identify)
        fields = [entity.field(one.field) for one in tool.term.by]
        pointing = {n for relation in schema.parents(entity.name) for n in relation.fields}
        assert all(one.required for one in tool.term.by)
        assert all(f.role not in ("secret", "audit") and f.spoken for f in fields)
        assert not {f.name for f in fields} & pointing
        assert len(fields) == 2 or (len(fields) == 1 and fields[0].unique)
        assert fields[0] != fields[-1] or len(fields) == 1
        Domain.validate(msgspec.structs.replace(domain_of(schema), tools=(tool,), rules=()))


def test_a_customer_is_identified_by_mail_and_birthday() -> None:
    """The unique address says who, the date of birth proves it; rows lead to their customer."""
    schema = desk()
    whom = party(schema)
    assert whom is not None
    tool = identify_tool(schema, whom)
    assert tool is not None
    assert tool.name == "identify_customer"
    assert [one.param for one in tool.term.by] == ["email", "date_of_birth"]  # type: ignore[union-attr]
    paths = owner_paths(schema, whom)
    assert paths["payment"] == ("payment_invoice", "invoice_order", "order_customer")
    assert paths["customer"] == ()
    assert "product" not in paths


def _people(**references: dict[str, str]) -> Schema:
    """Give persons of those names, and entities with references: field to target.

    A field whose name ends in `?` may be empty.
    """
    names = [name for name in references if references[name].get("kind") == "person"]
    entities, relations = [], []
    for name, points in references.items():
        own = [Field(name="id", label="id", type="integer", unique=True, role="key")]
        if name in names:
            own.append(Field(name="last_name", label="last name", type="text", role="person"))
            own.append(Field(name="email", label="email", type="text", role="contact"))
        for said, target in points.items():
            if said == "kind":
                continue
            field = said.removesuffix("?")
            own.append(
                Field(
                    name=field,
                    label=field.replace("_", " "),
                    type="integer",
                    nullable=said.endswith("?"),
                    role="reference",
                )
            )
            relations.append(
                Relation(
                    name=f"{name}_{field}",
                    entity=name,
                    fields=(field,),
                    target=target,
                    target_fields=("id",),
                    label=field.removesuffix("_id").replace("_", " "),
                    inverse=f"{name}s",
                )
            )
        entities.append(
            Entity(
                name=name,
                label=name.replace("_", " "),
                plural=f"{name.replace('_', ' ')}s",
                key=("id",),
                key_source="counter",
                fields=tuple(own),
            )
        )
    schema = Schema(entities=tuple(entities), relations=tuple(relations))
    schema.validate()
    return schema


PERSON = {"kind": "person"}


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        (("employee", "customer", "user"), "customer"),
        (("employee", "user"), "user"),
        (("supplier", "employee"), "employee"),
        (("supplier",), None),
        (("clinic_patient", "staff"), "clinic_patient"),
    ],
)
def test_the_one_for_whom_the_desk_is_there(others: tuple[str, ...], expected: str | None) -> None:
    """Customers go before users, these before staff; a supplier is nobody to serve."""
    points = {f"{name}_id": name for name in others}
    found = party(_people(**dict.fromkeys(others, PERSON), thing=points))
    assert (found.name if found else None) == expected


def test_nobody_is_served_to_whom_nothing_belongs() -> None:
    """A person to whom no row refers is not the party."""
    assert party(_people(customer=PERSON, thing={})) is None


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ({"customer_id": "customer"}, ("thing_customer_id",)),
        ({"customer_id": "customer", "approved_by_id": "customer"}, ("thing_customer_id",)),
        ({"payer_one_id": "account", "payer_two_id": "account"}, None),
        ({"updated_by_id": "customer"}, None),
        ({"account_id": "account"}, ("thing_account_id", "account_customer_id")),
        (
            {"customer_id?": "customer", "account_id": "account"},
            ("thing_account_id", "account_customer_id"),
        ),
        (
            {"buyer_id": "customer", "gift_for_id?": "customer"},
            ("thing_buyer_id",),
        ),
        ({"customer_id?": "customer"}, ("thing_customer_id",)),
    ],
)
def test_whose_a_row_is(points: dict[str, str], expected: tuple[str, ...] | None) -> None:
    """The reference that says it counts; who only handled a row does not own it."""
    schema = _people(customer=PERSON, account={"customer_id": "customer"}, thing=points)
    assert owner_paths(schema, schema.entity("customer")).get("thing") == expected


# of one desk


def test_a_desk_gets_the_tools_of_its_trade() -> None:
    """Stock moves between places, money between wallets; lines come with their order."""
    tools = tools_of(desk())
    several = [
        name
        for name, tool in tools.items()
        if isinstance(tool.term, (Link, Unlink, Transfer, Sequence))
        or bool(getattr(tool.term, "nested", ()))
    ]
    assert several == [
        "transfer_loyalty_points",
        "transfer_balance",
        "create_product_with_tags",
        "move_stock",
        "add_bin",
        "remove_bin",
        "move_bin",
        "create_order_with_lines",
        "add_tag_to_product",
        "remove_tag_from_product",
        "add_favourite",
        "remove_favourite",
        "add_visit",
        "rebook_appointment",
        "settle_invoice",
    ]
    assert "delete_visit" in tools
    assert "delete_favourite" not in tools
    assert tools["add_tag_to_product"].description == (
        "Add a tag to a product. Refused when it is there already."
    )
    assert tools["move_stock"].description == (
        "Move stock of a product from one warehouse to another, both or neither. "
        "Refused when there is not enough."
    )


def test_stock_moves_of_one_product() -> None:
    """The product is one parameter where it is of the key, and compared where it is not."""
    schema = desk()
    tools = tools_of(schema)
    assert list(properties(tools["move_stock"], schema)) == [
        "from_warehouse_id",
        "product_id",
        "to_warehouse_id",
        "quantity",
    ]
    bins, wallet = tools["move_bin"].term, tools["transfer_balance"].term
    assert isinstance(bins, Transfer)
    assert isinstance(wallet, Transfer)
    assert bins.same == (("product_id", "product_id"),)
    assert wallet.same == (("currency", "currency"),)


@pytest.mark.parametrize("change", ["no check", "computed", "generated", "nullable"])
def test_amounts_move_only_where_they_are_safe(change: str) -> None:
    """Without a check against less than nothing, or where others set it, nothing moves."""
    schema = desk()
    if change == "no check":
        checks = tuple(one for one in schema.checks if one.entity != "wallet")
        schema = msgspec.structs.replace(schema, checks=checks)
    elif change == "computed":
        one = Derived(
            id="w",
            entity="wallet",
            field="balance",
            terms=(Product(fields=("customer_id",)),),
        )
        schema = msgspec.structs.replace(schema, derived=(one,))
    else:
        wallet = schema.entity("wallet")
        fields = tuple(
            msgspec.structs.replace(f, **{change: True}) if f.name == "balance" else f
            for f in wallet.fields
        )
        changed = msgspec.structs.replace(wallet, fields=fields)
        schema = msgspec.structs.replace(
            schema, entities=tuple(changed if e.name == "wallet" else e for e in schema.entities)
        )
    found = [tool for tool in tools_of(schema).values() if isinstance(tool.term, Transfer)]
    assert "transfer_balance" not in {tool.name for tool in found}
    assert len(found) == 3


def test_a_check_between_fields_keeps_nothing_from_falling() -> None:
    """At least another field is not at least nothing."""
    schema = desk()
    other = Check(id="c", entity="wallet", field="balance", op="ge", other="wallet_id")
    checks = (*(one for one in schema.checks if one.entity != "wallet"), other)
    assert "transfer_balance" not in tools_of(msgspec.structs.replace(schema, checks=checks))


def test_totals_that_follow_are_said_and_not_asked() -> None:
    """A computed total is no argument, and the description says from what it follows."""
    schema = msgspec.structs.replace(
        desk(),
        derived=(
            Derived(
                id="order_total",
                entity="order",
                field="total",
                relation="order_line_order",
                terms=(Product(fields=("quantity", "unit_price")),),
            ),
        ),
    )
    tool = tools_of(schema)["create_order_with_lines"]
    assert tool.description == (
        "Create an order together with its lines, all or nothing. Its ID and status (new) are set "
        "automatically. Its total follows from the order lines."
    )
    assert "total" not in properties(tool, schema)


# with rows


def _desk_world() -> Any:
    engine = Engine(domain_of(desk(), ROWS))
    world = engine.world()

    def call(tool: str, /, **sent: Any) -> Any:
        before = world.digest()
        result = engine.call(world, tool, sent)
        assert result.error is None or world.digest() == before
        return result.data if result.error is None else result.error.code

    return call


def test_links_are_made_once_and_gone_after() -> None:
    """Joining twice is a conflict, parting what is not joined is not found."""
    call = _desk_world()
    assert call("add_tag_to_product", product_id=1, tag_id=1) == "conflict"
    assert call("add_tag_to_product", product_id=2, tag_id=1) == {"product_id": 2, "tag_id": 1}
    assert call("remove_tag_from_product", product_id=2, tag_id=1) == {
        "removed": {"product_id": 2, "tag_id": 1}
    }
    assert call("remove_tag_from_product", product_id=2, tag_id=1) == "not_found"
    assert call("remove_favourite", customer_id=1, product_id=1) == {
        "removed": {"customer_id": 1, "product_id": 1}
    }


def test_amounts_move_whole_or_not_at_all() -> None:
    """What one loses the other gains; more than there is, or another currency, is refused."""
    call = _desk_world()
    sent = {"from_warehouse_id": 1, "to_warehouse_id": 2, "product_id": 1}
    assert call("move_stock", **sent, quantity=10) == "rule_broken"
    moved = call("move_stock", **sent, quantity=9)
    assert [moved[side]["quantity"] for side in ("source", "target")] == [0, 9]
    assert call("move_stock", **sent | {"product_id": 2}, quantity=1) == "not_found"
    assert call("transfer_balance", from_wallet_id=1, to_wallet_id=3, amount=1) == "conflict"
    paid = call("transfer_balance", from_wallet_id=1, to_wallet_id=2, amount=12.5)
    assert [paid[side]["balance"] for side in ("source", "target")] == [37.5, 13.5]
    assert call("move_bin", from_bin_id=1, to_bin_id=3, quantity=1) == "conflict"


def test_an_order_comes_with_its_lines() -> None:
    """All lines are written with their order, or nothing is."""
    call = _desk_world()
    order = {"customer_id": 1, "ordered_at": "2026-01-02T00:00:00Z", "total": 2}
    line = {"product_id": 1, "quantity": 1, "unit_price": 2}
    made = call("create_order_with_lines", **order, lines=[line])
    assert made["status"] == "new"
    assert [one["order_id"] for one in made["lines"]] == [made["order_id"]]
    lines = [line, line | {"product_id": 2, "quantity": 0}]
    assert call("create_order_with_lines", **order, lines=lines) == "rule_broken"
    assert call("create_order_with_lines", **order, lines=[]) == "bad_arguments"


def test_steps_are_done_together() -> None:
    """An appointment is cancelled and booked anew once, an invoice paid once."""
    call = _desk_world()
    sent = {"appointment_id": 1, "customer_id": 1, "starts_at": "2026-01-06T09:00:00Z"}
    old, new = call("rebook_appointment", **sent)["steps"]
    assert (old["status"], new["status"]) == ("cancelled", "booked")
    assert call("rebook_appointment", **sent) == "rule_broken"
    paid = {"invoice_id": 1, "amount": 10, "paid_at": "2026-01-02T00:00:00Z"}
    assert call("settle_invoice", **paid)["steps"][1]["status"] == "paid"
    assert call("settle_invoice", **paid) == "rule_broken"
