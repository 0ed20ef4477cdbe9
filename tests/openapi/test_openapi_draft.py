"""Drafts of API descriptions: resources, relations, tools, and domains that hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agentgym import domain as domain_room
from agentgym import sources
from agentgym.build.one import build, check, construct
from agentgym.domain import Domain
from agentgym.errors import SourceError
from agentgym.formats import encode
from agentgym.sources import Draft
from agentgym.sources.openapi import draft_of, operations
from agentgym.sources.openapi.operations import described
from agentgym.testing.domains import check_tasks
from agentgym.testing.honesty import check_honesty
from agentgym.tools.algebra import (
    Aggregate,
    Create,
    Delete,
    Find,
    Get,
    Link,
    ListRelated,
    Search,
    Sequence,
    Tool,
    Transition,
    Unlink,
    Update,
)

HERE = Path(__file__).parent


def drafted(name: str) -> Draft:
    return sources.read(HERE / name)


def of(document: Any, **more: Any) -> Draft:
    found = described(document, path=None, name="api", sha256="")
    assert found is not None
    return draft_of(found, "api", **more)


def tool(draft: Draft | Domain, name: str) -> Tool:
    return next(each for each in draft.tools if each.name == name)


def terms(draft: Draft) -> dict[str, type]:
    return {each.name: type(each.term) for each in draft.tools}


def test_petstore_is_read_as_it_is_meant() -> None:
    """Every operation on a resource is a term under its own name; the rest is counted."""
    draft = drafted("petstore.yaml")

    assert (draft.kind, draft.dialect, draft.title) == (
        "openapi", "Swagger 2.0", "Corner Pet Store",
    )  # fmt: skip
    assert [e.name for e in draft.schema.entities] == ["pet", "visit", "owner"]
    assert {(r.entity, r.fields, r.target) for r in draft.schema.relations} == {
        ("pet", ("owner_id",), "owner"), ("visit", ("pet_id",), "pet"),
    }  # fmt: skip
    assert terms(draft) == {
        "get_pet_by_id": Get, "list_pets": Search, "add_pet": Create, "update_pet": Update,
        "delete_pet": Delete, "count_pets": Aggregate, "list_pets_of_owner": ListRelated,
        "list_visits": ListRelated, "book_visit": Create, "get_owner": Get,
        "find_owners": Search, "register_owner": Create,
    }  # fmt: skip
    assert draft.skipped["broken reference"] == 1
    assert draft.skipped["header parameter"] == 1
    assert not draft.rows


def test_petstore_fields() -> None:
    """Types, limits, enums, secrets and keys come from the schemas."""
    schema = drafted("petstore.yaml").schema
    pet, owner = schema.entity("pet"), schema.entity("owner")

    assert pet.key == ("id",)
    assert pet.key_source == "counter"
    assert pet.field("name").max_length == 40
    assert pet.field("name").comment == "What the pet is called"
    assert not pet.field("name").nullable
    assert pet.field("species").values == ("dog", "cat", "bird")
    assert pet.field("birth_date").type == "date"
    assert pet.field("birth_date").source == "birthDate"
    assert owner.field("password").role == "secret"
    assert [f.name for f in owner.fields][-2:] == ["address_street", "address_city"]
    assert {(c.field, c.op, float(c.value)) for c in schema.checks} == {
        ("price", "ge", 0.0), ("price", "le", 5000.0),
    }  # fmt: skip


def test_filters_are_what_parameters_mean() -> None:
    """Equal, a part of the label, from and to; paging and sorting are the term's own."""
    draft = drafted("petstore.yaml")
    term = tool(draft, "list_pets").term
    assert isinstance(term, Search)

    assert {(f.param, f.field, f.op) for f in term.filters} == {
        ("status", "status", "eq"), ("species", "species", "eq"), ("name", "name", "contains"),
        ("min_price", "price", "ge"),
    }  # fmt: skip
    assert term.page_size == 25
    assert term.sorts == ("name", "price")
    owners = tool(draft, "find_owners").term
    assert isinstance(owners, Search)
    assert [(f.param, f.field, f.op) for f in owners.filters] == [("q", "name", "contains")]


def test_paths_make_keys_and_references() -> None:
    """A parent in the path is whose it is; the item's own parameter is the key."""
    draft = drafted("petstore.yaml")
    visit = tool(draft, "book_visit").term
    listed = tool(draft, "list_visits").term
    assert isinstance(visit, Create)
    assert isinstance(listed, ListRelated)

    assert [(a.param, a.field, a.required) for a in visit.values] == [
        ("petId", "pet_id", True), ("date", "date", True), ("reason", "reason", True),
        ("vet", "vet", False),
    ]  # fmt: skip
    assert [(a.param, a.field) for a in listed.key] == [("petId", "id")]


def test_helpdesk() -> None:
    """Links, lists within, references by object, actions, and what actions say of states."""
    draft = drafted("helpdesk.json")
    names = terms(draft)

    assert names["labels_attach"] is Link
    assert names["labels_detach"] is Unlink
    assert names["tickets_close"] is Sequence
    assert names["tickets_reopen"] is Sequence
    assert "tickets_frobnicate" not in names
    assert draft.skipped["action that moves no state"] == 1
    assert draft.skipped["webhook"] == 1
    made = tool(draft, "tickets_create").term
    assert isinstance(made, Create)
    assert [n.param for n in made.nested] == ["steps"]
    assert [a.param for a in made.nested[0].values] == ["text", "minutes"]
    related = tool(draft, "labels_of_ticket").term
    assert isinstance(related, ListRelated)
    assert related.through is not None
    relations = {(r.entity, r.target) for r in draft.schema.relations}
    assert {("ticket", "agent"), ("ticket", "ticket"), ("agent", "team"),
            ("ticket_step", "ticket"), ("ticket_label", "label")} <= relations  # fmt: skip
    since = tool(draft, "tickets_list").term
    assert isinstance(since, Search)
    assert ("created_gte", "created", "ge") in {(f.param, f.field, f.op) for f in since.filters}


def test_tools_without_answers() -> None:
    """What tools take is what their resources have."""
    draft = drafted("tools.json")

    assert draft.kind == "tools"
    assert terms(draft) == {
        "get_order": Get, "list_orders": Search, "create_order": Create,
        "cancel_order": Sequence, "get_customer": Get, "search_customers": Search,
        "update_customer": Update,
    }  # fmt: skip
    assert ("order", "customer") in {(r.entity, r.target) for r in draft.schema.relations}


@pytest.mark.parametrize("name", ["petstore.yaml", "helpdesk.json", "tools.json"])
def test_domains_hold_and_are_the_same_each_time(name: str, tmp_path: Path) -> None:
    """Ten tasks, all won by the oracle; no tool ignores a parameter; the same bytes again."""
    from agentgym.episode import load  # noqa: PLC0415

    report = build(HERE / name, tmp_path / "one", name="same", tasks=10)
    build(HERE / name, tmp_path / "two", name="same", tasks=10)

    assert report.tasks == 10
    assert check(tmp_path / "one").ok
    check_tasks(load(tmp_path / "one"))
    check_honesty(domain_room.load(tmp_path / "one"))
    for file in ("domain.json", "rows.jsonl", "tasks.jsonl"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_operations_of_many_descriptions_are_one_draft(tmp_path: Path) -> None:
    """The same resource of two APIs is one entity with the fields of both."""
    desk = operations(HERE / "helpdesk.json").operations
    chat = operations(
        encode({"openapi": "3.0.0", "info": {"title": "Chat"}, "paths": {
            "/agents/{agentId}": {"get": {"operationId": "fetchAgent", "responses": {"200": {
                "content": {"x": {"schema": {"type": "object", "properties": {
                    "id": {"type": "string"}, "name": {"type": "string"},
                    "mood": {"type": "string", "enum": ["calm", "busy"]}}}}}}}}},
            "/agents/{agentId}/messages": {"get": {"operationId": "messages", "responses": {"200": {
                "content": {"x": {"schema": {"type": "array", "items": {"type": "object",
                    "properties": {"id": {"type": "integer"}, "text": {"type": "string"}}}}}}}}}},
        }}).decode()
    ).operations  # fmt: skip
    draft = draft_of((*desk, *chat), "mix")
    agent = draft.schema.entity("agent")

    assert {"email", "mood", "team_id"} <= {f.name for f in agent.fields}
    assert ("message", "agent") in {(r.entity, r.target) for r in draft.schema.relations}
    assert {"tickets_list", "messages"} <= set(terms(draft))
    report = construct(draft, tmp_path / "mix", name="mix", tasks=5, seed=0)
    assert report.tasks == 5
    assert check(tmp_path / "mix").ok


def _wide(count: int) -> dict[str, Any]:
    """Describe many resources, each with a reference to the one before."""
    paths: dict[str, Any] = {}
    words = "lamp desk chair shelf plant clock phone board train ship".split()
    for n in range(count):
        noun = f"{words[n % 10]}{words[n // 10 % 10]}"
        before = f"{words[(n - 1) % 10]}{words[(n - 1) // 10 % 10]}"
        fields: dict[str, Any] = {"id": {"type": "integer"}, "name": {"type": "string"}}
        if n:
            fields[f"{before}_id"] = {"type": "integer"}
        schema = {"type": "object", "properties": fields}
        get = {"operationId": f"get{noun}", "responses": {"200": {"content": {"j": {
            "schema": schema}}}}}  # fmt: skip
        paths[f"/{noun}s/{{id}}"] = {"get": get}
    return {"openapi": "3.0.0", "paths": paths}


def test_large_descriptions_are_cut_to_a_readable_part() -> None:
    """Few of many resources are kept, those asked for always; the notes say so."""
    draft = of(_wide(90))
    chosen = of(_wide(90), focus=("lamptrain",))

    assert 12 <= len(draft.schema.entities) <= 40
    assert "of 90 resources are used" in draft.notes[0]
    assert draft.skipped["operation on a resource that is left out"] > 0
    assert "lamptrain" in {e.source or e.name for e in chosen.schema.entities}
    with pytest.raises(SourceError, match="--focus"):
        of(_wide(90), focus=("nowhere",))


def test_one_resource_under_several_names() -> None:
    """Where answers are the same component, differently named paths are one entity."""
    pet = {"$ref": "#/components/schemas/PetDto"}
    answers = {"200": {"content": {"j": {"schema": pet}}}}
    many = {"200": {"content": {"j": {"schema": {"type": "array", "items": pet}}}}}
    draft = of({
        "openapi": "3.0.0",
        "paths": {
            "/pets/{id}": {"get": {"operationId": "one", "responses": answers}},
            "/animals": {"get": {"operationId": "all", "responses": many}},
        },
        "components": {"schemas": {"PetDto": {"type": "object", "properties": {
            "id": {"type": "integer"}, "name": {"type": "string"}}}}},
    })  # fmt: skip

    assert [e.name for e in draft.schema.entities] == ["pet"]
    assert set(terms(draft)) == {"one", "all"}


def test_status_alone_is_a_transition(tmp_path: Path) -> None:
    """An operation that sets nothing but a state moves it along its life cycle."""
    states = {"type": "string", "enum": ["pending", "approved", "rejected"]}
    schema = {"type": "object", "properties": {
        "id": {"type": "integer"}, "title": {"type": "string"}, "status": states}}  # fmt: skip
    document = {"openapi": "3.0.0", "paths": {"/claims/{id}": {
        "get": {"operationId": "getClaim", "responses": {"200": {"content": {"j": {
            "schema": schema}}}}},
        "patch": {"operationId": "decide", "requestBody": {"content": {"j": {"schema": {
            "type": "object", "properties": {"status": states}}}}}},
    }}}  # fmt: skip
    draft = of(document)
    construct(draft, tmp_path / "claims", name="claims", tasks=2, seed=0)

    assert terms(draft)["decide"] is Transition
    assert isinstance(tool(domain_room.load(tmp_path / "claims"), "decide").term, Transition)


def test_another_unique_field_finds() -> None:
    """A path by a field that is not the key is a search for the one row."""
    schema = {"type": "object", "properties": {
        "id": {"type": "integer"}, "username": {"type": "string"}}}  # fmt: skip
    answers = {"200": {"content": {"j": {"schema": schema}}}}
    draft = of({"openapi": "3.0.0", "paths": {
        "/users/{id}": {"get": {"operationId": "byId", "responses": answers},
                        "delete": {"operationId": "drop"}},
        "/users/by-name/{username}": {"get": {"operationId": "getUserByName",
                                              "responses": answers}},
    }})  # fmt: skip

    assert terms(draft)["by_id"] is Get
    assert terms(draft).get("get_user_by_name") is Find


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ('{"a": 1}', "x.json", "found an object with a"),
        ("a: 1", "x.yaml", "found an object with a"),
        ("[1, 2", "x.json", "JSON"),
        ("openapi: 3.0.0\npaths: {}", "x.txt", "found no operation at all"),
        ('{"openapi": "3.0.0", "paths": {"/": {"get": {}}}}', "x.json", "1 operations"),
    ],
)
def test_what_cannot_be_built_says_why(text: str, name: str, said: str, tmp_path: Path) -> None:
    """Each message says what was expected and what was there."""
    (tmp_path / name).write_text(text)

    with pytest.raises(SourceError, match=said):
        sources.read(tmp_path / name)
