"""The tools of a schema, and the views of them that episodes show."""

from __future__ import annotations

import keyword
import os
import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from strategies import schemas

from agentgym import rules
from agentgym.domain import Clock, Domain, Source
from agentgym.errors import TaskError
from agentgym.schema import Entity, Field, Lifecycle, Relation, Schema
from agentgym.schema.roles import infer
from agentgym.sources import read
from agentgym.tools.algebra import (
    Aggregate,
    Create,
    Delete,
    Find,
    Get,
    Link,
    ListRelated,
    Order,
    Search,
    Sequence,
    Term,
    Tool,
    Transfer,
    Transition,
    Unlink,
    Update,
    is_write,
    listed,
    subject,
    touched,
)
from agentgym.tools.derive import RESERVED_PARAMETERS, RESERVED_TOOLS, derive
from agentgym.tools.parameters import bindings, parameters
from agentgym.tools.views import faces, openai_tools, view

CONTROLS = {"page", "sort_by", "descending", "function", "field"}
FREE = {"calculate", "current_time", "ask_user", "conclude"}


def tools_of(schema: Schema) -> tuple[Tool, ...]:
    return derive(schema, rules.derive(schema))


def text(name: str, role: str = "other", **more: object) -> Field:
    return msgspec.convert(
        {"name": name, "label": name.replace("_", " "), "type": "text", "role": role} | more, Field
    )


def number(name: str, role: str = "quantity", **more: object) -> Field:
    return text(name, role, type="integer", **more)


def entity(name: str, *fields: Field, key: str = "id", **more: object) -> Entity:
    return msgspec.convert(
        {
            "name": name,
            "label": name.replace("_", " "),
            "plural": f"{name.replace('_', ' ')}s",
            "key": [key],
            "key_source": "counter",
            "fields": [number(key, "key", unique=True), *fields],
        }
        | more,
        Entity,
        from_attributes=True,
    )


def points(child: str, field: str, target: str, label: str = "") -> Relation:
    return Relation(
        name=f"{child}_{field}",
        entity=child,
        fields=(field,),
        target=target,
        target_fields=("id",),
        label=label or target.replace("_", " "),
        inverse=f"{child.replace('_', ' ')}s",
    )


def shop() -> Schema:
    """Give a small shop: people with managers, orders with a life cycle, tags by a link."""
    return Schema(
        entities=(
            entity(
                "customer",
                text("first_name", "person"),
                text("last_name", "person"),
                text("email", "contact", unique=True),
                text("password", "secret", nullable=True),
                text("country", "place"),
                number("agent_id", "reference", nullable=True),
            ),
            entity("employee", text("name", "label"), number("manager_id", "reference")),
            entity(
                "purchase",
                number("customer_id", "reference"),
                text("placed_at", "time", type="datetime"),
                text("total", "money", type="decimal", scale=2, unit="EUR"),
                text("status", "status", type="enum", values=["new", "paid", "sent"]),
                text("changed_at", "audit", type="datetime"),
            ),
            entity("tag", text("name", "label", unique=True)),
            Entity(
                name="purchase_tag",
                label="purchase tag",
                plural="purchase tags",
                kind="link",
                key=("purchase_id", "tag_id"),
                fields=(number("purchase_id", "reference"), number("tag_id", "reference")),
            ),
        ),
        relations=(
            points("customer", "agent_id", "employee", "support agent"),
            points("employee", "manager_id", "employee", "manager"),
            points("purchase", "customer_id", "customer"),
            points("purchase_tag", "purchase_id", "purchase"),
            points("purchase_tag", "tag_id", "tag"),
        ),
        lifecycles=(
            Lifecycle(
                entity="purchase",
                field="status",
                initial=("new",),
                moves={"new": ("paid",), "paid": ("sent",), "sent": ()},
            ),
        ),
    )


# derive: what holds of every schema


@given(schemas())
def test_names_are_identifiers_unique_short_and_free(schema: Schema) -> None:
    """Tool names can be typed everywhere: no framework takes or rewrites them."""
    names = [tool.name for tool in tools_of(schema)]
    assert len(set(names)) == len(names)
    for name in names:
        assert re.fullmatch(r"[a-z][a-z0-9_]{0,63}", name)
        assert name not in RESERVED_TOOLS
        assert not keyword.iskeyword(name)
    assert set(names) >= FREE


@given(schemas())
def test_parameters_are_valid_and_each_is_bound(schema: Schema) -> None:
    """Parameters are valid JSON Schemas; each stands for a field or is a term's own control."""
    for tool in tools_of(schema):
        scheme = parameters(tool, schema)
        Draft202012Validator.check_schema(scheme)
        assert scheme["additionalProperties"] is False
        assert set(scheme["required"]) <= set(scheme["properties"])
        inner = bindings(tool.term, schema)
        bound = {name.partition("[]")[0] for name in inner}
        declared = set(scheme["properties"])
        assert bound <= declared
        if tool.name not in FREE:
            assert declared - bound <= CONTROLS
        assert not bound & RESERVED_PARAMETERS
        for name in (one.rpartition("[].")[2] for one in inner):
            assert re.fullmatch(r"[a-zA-Z][a-zA-Z0-9_]{0,63}", name)
            assert not keyword.iskeyword(name)


@given(schemas())
def test_terms_bind_each_parameter_once(schema: Schema) -> None:
    """No two arguments of a term share a parameter, so that none can be ignored."""
    for tool in tools_of(schema):
        term = tool.term
        parts = [
            *getattr(term, "key", ()),
            *getattr(term, "by", ()),
            *getattr(term, "values", ()),
            *getattr(term, "filters", ()),
        ]
        parts += [term.to] if isinstance(term, Transition) else []
        assert len({part.param for part in parts}) == len(parts)
        pairs = [(part.field, getattr(part, "op", "")) for part in parts]
        assert len(set(pairs)) == len(pairs) or isinstance(term, ListRelated)


@given(schemas())
def test_tools_make_a_valid_domain(schema: Schema) -> None:
    """A domain of the derived rules and tools is valid as it stands."""
    made = rules.derive(schema)
    Domain(
        name="drawn",
        title="Drawn",
        description="",
        schema=schema,
        rules=made,
        tools=derive(schema, made),
        clock=Clock(start="2024-01-01T00:00:00Z"),
        source=Source(kind="sql", name="x.sql", sha256="0"),
    ).validate()


@given(schemas())
def test_no_tool_takes_what_it_must_not(schema: Schema) -> None:
    """Secrets are no parameter; what the world fills in, and what is volatile, is not written."""
    for tool in tools_of(schema):
        for owner, name, use in bindings(tool.term, schema).values():
            kind = schema.entity(owner)
            field = kind.field(name)
            assert field.role != "secret"
            assert field.type != "bytes"
            if use in ("value", "to"):
                assert field.role != "audit"
                assert not field.generated
            if use == "value" and kind.key_source in ("counter", "text", "row_number"):
                assert name not in kind.key
            if use not in ("value", "to"):
                assert field.type != "json"


@given(schemas())
def test_only_writable_entities_are_written(schema: Schema) -> None:
    """Writes exist for writable entities that are no logs; updates never touch keys or states."""
    lives = {(cycle.entity, cycle.field) for cycle in schema.lifecycles}
    for tool in tools_of(schema):
        if not is_write(tool):
            continue
        name = subject(tool.term, schema)
        assert name is not None
        kind = schema.entity(name)
        assert kind.writable
        assert kind.kind != "log"
        if isinstance(tool.term, Update):
            changed = {argument.field for argument in tool.term.values}
            assert changed
            assert not changed & set(kind.key)
            assert not {(name, field) for field in changed} & lives


@given(schemas())
def test_created_rows_are_complete(schema: Schema) -> None:
    """What a create tool does not take is empty, has a default, or is filled in by the world."""
    for tool in tools_of(schema):
        if not isinstance(tool.term, Create):
            continue
        kind = schema.entity(tool.term.entity)
        taken = {argument.field: argument for argument in tool.term.values}
        starts = {c.field: c.initial for c in schema.lifecycles if c.entity == kind.name}
        for field in kind.fields:
            if field.name in taken:
                must = not field.nullable and field.default is None
                assert taken[field.name].required == must
            else:
                assert (
                    field.nullable
                    or field.default is not None
                    or field.generated
                    or (field.role == "audit" and field.type in ("date", "datetime"))
                    or len(starts.get(field.name, ())) == 1
                    or (field.name in kind.key and kind.key_source != "given")
                )


@given(schemas())
def test_guards_are_the_rules_that_can_refuse(schema: Schema) -> None:
    """A write names the rules of its entity and kind that depend on what it changes."""
    made = rules.derive(schema)
    kinds = {
        Create: "create",
        Link: "create",
        Update: "update",
        Transition: "update",
        Transfer: "update",
        Delete: "delete",
        Unlink: "delete",
    }
    for tool in derive(schema, made):
        several = tool.term.steps if isinstance(tool.term, Sequence) else ()
        terms: list[Term] = [step.term for step in several] or [tool.term]
        for rule in made:
            guarded = rule.id in tool.guards
            if guarded:
                assert any(
                    kinds[type(term)] in rule.on and rule.entity in touched(term, schema)
                    for term in terms
                )
            elif isinstance(tool.term, (Update, Transition)) and rule.entity == tool.term.entity:
                values = tool.term.values if isinstance(tool.term, Update) else (tool.term.to,)
                changed = {argument.field for argument in values}
                assert "update" not in rule.on or not changed & rules.fields_of(rule.predicate)
            elif isinstance(tool.term, (Delete, Unlink)) and rule.entity == tool.term.entity:
                assert "delete" not in rule.on


@given(schemas())
def test_sorts_and_sums_are_of_fields_that_bear_them(schema: Schema) -> None:
    """Lists sort by fields that have an order; sums are of numbers that can be added up."""
    for tool in tools_of(schema):
        term = tool.term
        if isinstance(term, (Search, ListRelated)):
            kind = schema.entity(term.entity if isinstance(term, Search) else listed(term, schema))
            for name in term.sorts:
                assert kind.field(name).role not in ("secret", "audit", "key", "reference")
            assert ("sort_by" in parameters(tool, schema)["properties"]) == bool(term.sorts)
        if isinstance(term, Aggregate):
            kinds = {schema.entity(term.entity).field(n).type for n in term.fields}
            assert kinds <= {"integer", "decimal", "float", "date", "datetime"}
            numeric = bool(kinds & {"integer", "decimal", "float"})
            assert ("sum" in term.functions) == numeric
            assert ("function" in parameters(tool, schema)["properties"]) == (
                len(term.functions) > 1
            )


@given(schemas())
def test_texts_are_sentences(schema: Schema) -> None:
    """Every description is a sentence within the limit, free of what traces take as commands."""
    for face in faces(schema, tools_of(schema), [tool.name for tool in tools_of(schema)]):
        texts = [face.description]
        texts += [one["description"] for one in face.parameters["properties"].values()]
        for said in texts:
            assert said == said.strip()
            assert said[0].isupper() or face.name in FREE
            assert said.endswith((".", "?", "!"))
            assert len(said) <= 1024
            assert "  " not in said
            assert "<" not in said


@given(schemas())
def test_every_row_can_be_read(schema: Schema) -> None:
    """Each entity can be searched, and a row got by its key; each relation can be followed back."""
    tools = tools_of(schema)
    for kind in schema.entities:
        assert any(isinstance(t.term, Search) and t.term.entity == kind.name for t in tools)
        assert any(isinstance(t.term, Get) and t.term.entity == kind.name for t in tools)
    for relation in schema.relations:
        assert any(
            isinstance(t.term, ListRelated)
            and t.term.relation == relation.name
            and t.term.through is None
            for t in tools
        ) or any(
            isinstance(t.term, Search)
            and t.term.entity == relation.entity
            and schema.entity(relation.entity).kind == "link"
            and {f.field for f in t.term.filters if f.op == "eq"} >= set(relation.fields)
            for t in tools
        )


@given(schemas())
def test_derivation_is_repeatable(schema: Schema) -> None:
    """The same schema gives the same tools."""
    assert tools_of(schema) == tools_of(
        msgspec.json.decode(msgspec.json.encode(schema), type=Schema)
    )


# derive: what a shop gets


def test_a_shop_gets_the_tools_of_a_good_api() -> None:
    """Names say verb and noun; people are found by full name; links are added and removed."""
    names = [tool.name for tool in tools_of(shop())]
    assert names == [
        "get_customer",
        "find_customer_by_name",
        "find_customer_by_email",
        "search_customers",
        "list_customers_of_support_agent",
        "count_customers",
        "create_customer",
        "update_customer",
        "delete_customer",
        "get_employee",
        "find_employee_by_name",
        "search_employees",
        "list_employees_of_manager",
        "count_employees",
        "create_employee",
        "update_employee",
        "delete_employee",
        "get_purchase",
        "search_purchases",
        "list_purchases_of_customer",
        "list_purchases_of_tag",
        "compute_purchase_statistics",
        "create_purchase",
        "create_purchase_with_tags",
        "update_purchase",
        "change_purchase_status",
        "delete_purchase",
        "get_tag",
        "find_tag_by_name",
        "search_tags",
        "list_tags_of_purchase",
        "count_tags",
        "create_tag",
        "update_tag",
        "delete_tag",
        "get_purchase_tag",
        "search_purchase_tags",
        "count_purchase_tags",
        "add_tag_to_purchase",
        "remove_tag_from_purchase",
        "replace_tag_in_purchase",
        "calculate",
        "current_time",
        "ask_user",
        "conclude",
    ]


def test_descriptions_read_like_an_api() -> None:
    """Descriptions say what is done, to what, in which order."""
    said = {tool.name: tool.description for tool in tools_of(shop())}
    assert said["list_purchases_of_customer"] == "List the purchases of a customer, newest first."
    assert said["add_tag_to_purchase"] == (
        "Add a tag to a purchase. Refused when it is there already."
    )
    assert said["create_purchase"] == (
        "Create a purchase. Its id and status (new) are set automatically."
    )
    assert said["list_customers_of_support_agent"].startswith(
        "List the customers whose support agent is a given employee"
    )


def test_a_status_with_one_beginning_is_no_parameter() -> None:
    """A new row begins in the one initial state; the status moves by its own tool only."""
    schema = shop()
    made = {tool.name: set(parameters(tool, schema)["properties"]) for tool in tools_of(schema)}
    assert made["create_purchase"] == {"customer_id", "placed_at", "total"}
    assert made["update_purchase"] == {"purchase_id", "customer_id", "placed_at", "total"}
    assert made["change_purchase_status"] == {"purchase_id", "status"}


def test_lists_are_newest_first_or_by_name() -> None:
    """The default order is what a person expects."""
    orders = {
        tool.name: tool.term.order for tool in tools_of(shop()) if isinstance(tool.term, Search)
    }
    assert orders == {
        "search_purchases": Order(field="placed_at", descending=True),
        "search_customers": Order(field="last_name"),
        "search_employees": Order(field="name"),
        "search_tags": Order(field="name"),
        "search_purchase_tags": None,
    }


def test_reserved_names_are_qualified() -> None:
    """A field that bears a reserved name is a parameter under its entity's name as well."""
    schema = Schema(
        entities=(entity("ticket", text("kind", "category"), text("page"), text("from")),)
    )
    found = {tool.name: set(parameters(tool, schema)["properties"]) for tool in tools_of(schema)}
    assert found["create_ticket"] == {"ticket_kind", "ticket_page", "ticket_from"}
    assert {"ticket_kind", "page_contains", "from_contains"} <= found["search_tickets"]


def test_a_key_named_like_a_reference_keeps_its_own_name() -> None:
    """`category.id` is `id` where `category_id` is the parent category."""
    schema = Schema(
        entities=(entity("category", text("name", "label"), number("category_id", "reference")),),
        relations=(points("category", "category_id", "category", "parent category"),),
    )
    found = {tool.name: set(parameters(tool, schema)["properties"]) for tool in tools_of(schema)}
    assert found["update_category"] == {"id", "name", "category_id"}
    assert "list_categorys_of_parent_category" in found


def test_a_row_that_nobody_can_complete_is_not_created() -> None:
    """Without a way to give a required secret there is no create tool."""
    schema = Schema(entities=(entity("login", text("name", "label"), text("hash", "secret")),))
    assert "create_login" not in {tool.name for tool in tools_of(schema)}
    assert "update_login" in {tool.name for tool in tools_of(schema)}


def test_eight_tables_give_at_least_twenty_tools() -> None:
    """Even tables without relations and with little in them earn their tools."""
    schema = Schema(entities=tuple(entity(f"thing_{c}", text("name", "label")) for c in "abcdefgh"))
    assert len(tools_of(schema)) >= 20


def test_two_relations_between_the_same_entities_are_two_tools() -> None:
    """Relations are told apart by what the target is to the child."""
    schema = Schema(
        entities=(
            entity("flight", number("origin_id", "reference"), number("goal_id", "reference")),
            entity("airport", text("name", "label")),
        ),
        relations=(
            points("flight", "origin_id", "airport", "departure airport"),
            points("flight", "goal_id", "airport", "arrival airport"),
        ),
    )
    assert {"list_flights_of_departure_airport", "list_flights_of_arrival_airport"} <= {
        tool.name for tool in tools_of(schema)
    }


# views


@given(schemas(), st.data())
def test_a_view_holds_what_is_needed_and_no_more_than_allowed(
    schema: Schema, data: st.DataObject
) -> None:
    """Needed tools, the way to ask and the way to end are shown; the order is the domain's."""
    tools = tools_of(schema)
    names = [tool.name for tool in tools]
    needed = data.draw(st.lists(st.sampled_from(names), max_size=6, unique=True))
    most = data.draw(st.integers(8, 60))
    seed = data.draw(st.integers(0, 5))
    found = view("drawn", schema, tools, needed, seed=seed, max_tools=most)
    assert set(found) >= {*needed, "ask_user", "conclude", "calculate", "current_time"} - (
        {"calculate", "current_time"} if len(needed) + 4 > most else set()
    )
    assert len(found) == len(set(found)) == min(most, len(tools))
    assert list(found) == [name for name in names if name in set(found)]
    if len(tools) <= most:
        assert list(found) == names
    again = data.draw(st.permutations(needed))
    assert view("drawn", schema, tools, again, seed=seed, max_tools=most) == found


@given(schemas(least=4), st.integers(0, 20))
def test_a_view_is_filled_and_evened_out(schema: Schema, seed: int) -> None:
    """Entities of needed tools stand beside others, with about as many tools each."""
    tools = tools_of(schema)
    needed = [tools[0].name]
    found = view("drawn", schema, tools, needed, seed=seed, max_tools=20)
    assert len(found) == min(20, len(tools))
    by_name = {tool.name: tool for tool in tools}
    counts: dict[str, int] = {}
    sizes: dict[str, int] = {}
    for tool in tools:
        name = subject(tool.term, schema)
        if name is not None:
            sizes[name] = sizes.get(name, 0) + 1
    for shown in found:
        name = subject(by_name[shown].term, schema)
        if name is not None:
            counts[name] = counts.get(name, 0) + 1
    partial = [counts[name] for name in counts if counts[name] < sizes[name]]
    assert len(counts) > 1
    if partial:
        assert max(partial) - min(partial) <= 1
        assert max(counts.values()) <= max(partial) + 1


def test_views_of_one_entity_do_not_tell_which_tool_is_needed() -> None:
    """Over many seeds each tool of the entity is shown about as often, needed or not."""
    schema = shop()
    tools = tools_of(schema)
    wholes = [
        view("shop", schema, tools, ["get_tag"], seed=seed, max_tools=30) for seed in range(40)
    ]
    others = [
        view("shop", schema, tools, ["search_tags"], seed=seed, max_tools=30) for seed in range(40)
    ]
    share = sum("search_tags" in names for names in wholes) / len(wholes)
    back = sum("get_tag" in names for names in others) / len(others)
    assert share > 0.5
    assert back > 0.5


def test_a_view_refuses_what_cannot_be_shown() -> None:
    """Too many needed tools, or one that does not exist, are the author's mistakes."""
    schema = shop()
    tools = tools_of(schema)
    with pytest.raises(TaskError, match="at most 5 tools"):
        view("shop", schema, tools, [tool.name for tool in tools[:6]], seed=0, max_tools=5)
    with pytest.raises(TaskError, match="did you mean 'get_tag'"):
        view("shop", schema, tools, ["get_tags"], seed=0)


@given(schemas(), st.data())
def test_faces_name_only_tools_that_are_shown(schema: Schema, data: st.DataObject) -> None:
    """A text that tells where an id comes from names no tool that the agent does not have."""
    tools = tools_of(schema)
    names = [tool.name for tool in tools]
    part = data.draw(st.lists(st.sampled_from(names), unique=True, max_size=10))
    shown = faces(schema, tools, part)
    assert [face.name for face in shown] == part
    hidden = set(names) - set(part) - {"conclude"}
    for face in shown:
        for one in face.parameters["properties"].values():
            words = set(re.findall(r"\w+_\w+", one["description"]))
            assert not words & {n for n in hidden if n.startswith(("find_", "search_", "list_"))}
    assert {face.name for face in shown if face.mutates} == {
        tool.name for tool in tools if tool.name in part and is_write(tool)
    }


def test_openai_tools_wrap_the_faces() -> None:
    """The OpenAI form holds the same name, description and parameters."""
    schema = shop()
    tools = tools_of(schema)
    shown = faces(schema, tools, ["get_tag", "conclude"])
    wrapped = openai_tools(shown)
    assert [one["type"] for one in wrapped] == ["function", "function"]
    assert wrapped[0]["function"] == {
        "name": "get_tag",
        "description": "Get one tag by id, with all its details.",
        "parameters": {
            "type": "object",
            "properties": {"tag_id": {"type": "integer", "description": "Id of the tag."}},
            "required": ["tag_id"],
            "additionalProperties": False,
        },
    }


def test_a_name_that_is_no_tool_has_no_face() -> None:
    """Faces of unknown tools are refused."""
    with pytest.raises(TaskError):
        faces(shop(), tools_of(shop()), ["nothing"])


def test_finds_prefer_what_people_say() -> None:
    """A find takes unique codes, labels, full names and e-mail addresses."""
    finds = {
        tool.name: [one.field for one in tool.term.by]
        for tool in tools_of(shop())
        if isinstance(tool.term, Find)
    }
    assert finds["find_customer_by_name"] == ["first_name", "last_name"]
    assert finds["find_customer_by_email"] == ["email"]


# real schemas: ours, and those of the folder that AGENTGYM_DATA names

FOLDERS = [Path(__file__).parents[1] / "schemas" / "sources", os.environ.get("AGENTGYM_DATA")]
FILES = sorted(
    path
    for folder in FOLDERS
    if folder is not None
    for path in Path(folder).rglob("*")
    if path.suffix in (".sql", ".sqlite")
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_real_schema_earns_its_tools(path: Path) -> None:
    """Real sources get two and a half tools a table, a full view and a readable manual."""
    draft = read(path, rows=50)
    schema = infer(draft.schema, draft.rows)
    made = rules.derive(schema)
    tools = derive(schema, made)
    names = [tool.name for tool in tools]
    assert len(set(names)) == len(names) >= 2.5 * len(schema.entities)
    for face in faces(schema, tools, names):
        Draft202012Validator.check_schema(face.parameters)
    shown = view("real", schema, tools, [names[0], names[-5]], seed=1)
    assert len(shown) == min(40, len(names))
    manual = rules.policy_text("Real", schema, made, tools)
    assert not re.findall(r"\w_\w", re.sub(r"`[^`]*`|\[[^]]*]|\"[^\"]*\"", "", manual))
