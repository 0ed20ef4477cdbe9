"""What a person who knows an API expects of its domain: things, not verbs; values, not options."""

from __future__ import annotations

from typing import Any

import pytest

from agentgym import sources
from agentgym.build.one import check, construct
from agentgym.errors import SourceError
from agentgym.sources import Draft
from agentgym.sources.openapi import draft_of, operations
from agentgym.sources.openapi.intent import intent
from agentgym.sources.openapi.operations import described
from agentgym.sources.openapi.steps import steps_of
from agentgym.tools.algebra import Create, Get, Search

PET: dict[str, Any] = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {
        "id": {"type": "integer"},
        "name": {"type": "string"},
        "breed": {"type": "string"},
        "weight": {"type": "number"},
    },
}
ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}


def gives(schema: Any) -> dict[str, Any]:
    return {"200": {"content": {"application/json": {"schema": schema}}}}


def query(name: str, kind: str = "string") -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": {"type": kind}}


def pets(schema: Any = PET, *, more: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    """Describe an API of pets whose answers are as a schema says."""
    body = {"content": {"application/json": {"schema": PET}}}
    return {
        "openapi": "3.0.0",
        "info": {"title": "Pets"},
        "paths": {
            "/pets": {
                "get": {"operationId": "listPets", "responses": gives({"type": "array",
                    "items": PET}), "parameters": list(more)},
                "post": {"operationId": "addPet", "requestBody": body,
                    "responses": gives(schema), "parameters": list(more)},
            },
            "/pets/{id}": {
                "get": {"operationId": "getPet", "parameters": [ID, *more],
                    "responses": gives(schema)},
                "put": {"operationId": "changePet", "parameters": [ID, *more],
                    "requestBody": body, "responses": gives(schema)},
            },
        },
    }  # fmt: skip


def drafted(document: Any) -> Draft:
    found = described(document, path=None, name="api", sha256="")
    assert found is not None
    return draft_of(found, "api")


def fields(draft: Draft, entity: str) -> set[str]:
    return {field.name for field in draft.schema.entity(entity).fields}


@pytest.mark.parametrize(
    ("name", "method", "path", "verb", "noun"),
    [
        ("getMe", "get", "/v1/me", "none", ""),
        ("getSelf", "get", "/users/self", "none", ""),
        ("orderDetails", "get", "/orders/{id}/details", "get", "order"),
        ("screenshotInfo", "get", "/screenshot/info", "get", "screenshot"),
        ("createJob", "post", "/shops/{id}/createjob", "create", "job"),
        ("", "get", "/changeSetList/{repository}", "list", "change_set"),
        ("product-search", "get", "/product-search", "list", "product"),
        ("suggestBids", "post", "/campaigns/{id}/suggest_bids", "act", "campaign"),
        ("getContactInfo", "get", "/contact-info/{id}", "get", "contact_info"),
        ("listPets", "get", "/pets", "list", "pet"),
        ("", "get", "/\u2026/{id}/info", "get", "info"),
        ("", "get", "/sdw_rest_services.get_systems", "get", "system"),
    ],
)  # fmt: skip
def test_things_are_told_from_what_is_done(
    name: str, method: str, path: str, verb: str, noun: str
) -> None:
    found = intent(name, method, path)

    assert (found.verb, found.noun) == (verb, noun)


def test_an_ending_of_a_path_hides_no_key() -> None:
    """`/pets/{id}.json` names a pet, and `/pets.{format}` all of them."""
    assert [(one.word, one.keys) for one in steps_of("/pets/{id}.json")] == [("pets", ("id",))]
    assert [(one.word, one.keys) for one in steps_of("/pets.{format}")] == [("pets", ())]


def test_answers_come_out_of_their_envelopes() -> None:
    """What says how a call went, and an object around each entry, are no fields."""
    told = {
        "type": "object",
        "properties": {
            "status_code": {"type": "integer"},
            "status": {"type": "string"},
            "service": {"type": "string"},
            "resource": {"type": "string"},
            "operation": {"type": "string"},
            "data": PET,
        },
    }
    wrapped = {"type": "array", "items": {"type": "object", "properties": {"pet": PET}}}
    document = pets(told)
    document["paths"]["/pets"]["get"]["responses"] = gives(wrapped)

    draft = drafted(document)

    assert fields(draft, "pet") == {"id", "name", "breed", "weight"}
    assert {one.name for one in draft.schema.entities} == {"pet"}


def test_options_of_a_write_are_no_fields() -> None:
    """How an answer is shaped, and whether a letter is sent, is nothing of the row."""
    document = pets(
        more=(query("raw", "boolean"), query("fields"), query("send_letter", "boolean"))
    )

    draft = drafted(document)

    assert fields(draft, "pet") == {"id", "name", "breed", "weight"}
    assert draft.skipped["parameter that says how a write is done"] > 0


def test_a_flag_that_answers_show_is_a_field() -> None:
    """`include_tax` of an invoice is kept, as its answers have it."""
    document = pets()
    shown = {**PET, "properties": {**PET["properties"], "include_tax": {"type": "boolean"}}}
    for item in document["paths"].values():
        for one in item.values():
            one["responses"] = gives(shown)
    body = {"content": {"application/json": {"schema": shown}}}
    document["paths"]["/pets"]["post"]["requestBody"] = body

    draft = drafted(document)
    add = next(tool.term for tool in draft.tools if tool.name == "add_pet")

    assert isinstance(add, Create)
    assert "include_tax" in fields(draft, "pet")
    assert "include_tax" in {value.field for value in add.values}


def test_what_every_call_takes_is_left_out() -> None:
    """Who calls is said with every call, under whatever name; a page and a filter are not that."""
    document = pets(more=(query("login"), query("limit", "integer")))
    paths = document["paths"]
    paths |= {f"/{n}{path}": item for path, item in list(paths.items()) for n in ("cats", "dogs")}
    paths["/pets"]["get"]["parameters"].append(query("breed"))

    found = described(document, path=None, name="api", sha256="")

    assert found is not None
    names = {one.name for each in found.operations for one in each.takes}
    assert "login" not in names
    assert {"breed", "limit"} <= names
    assert found.skipped["parameter of all calls"] == len(found.operations)


def test_values_are_of_the_kind_they_say() -> None:
    """Times of some formats, amounts sent as text, and references are what they look like."""
    more = {
        "made": {"type": "string", "format": "google-datetime"},
        "create_time": {"type": "string"},
        "opening_time": {"type": "string"},
        "price": {
            "type": "object",
            "properties": {"value": {"type": "string"}, "currency": {"type": "string"}},
        },
        "parks": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"name": {"type": "string"}, "area": {"type": "number"}},
            },
        },
    }
    place = {"type": "object", "properties": {"postcode": {"type": "string"}, **more}}
    path = {"name": "postcode", "in": "path", "required": True, "schema": {"type": "string"}}
    draft = drafted({
        "openapi": "3.0.0",
        "info": {"title": "T"},
        "paths": {"/postcodes/{postcode}": {"get": {"operationId": "getPostcode",
            "parameters": [path], "responses": gives(place)}}},
    })  # fmt: skip
    entity = draft.schema.entity("postcode")

    assert entity.key == ("postcode",)
    assert entity.field("made").type == entity.field("create_time").type == "datetime"
    assert entity.field("opening_time").type == "text"
    assert entity.field("price_value").type == "decimal"
    assert [one.fields for one in draft.schema.relations] == [("postcode",)]


def test_a_secret_is_no_key() -> None:
    """A path that names the caller's key names no row by it."""
    key = {"name": "apiKey", "in": "path", "required": True, "schema": {"type": "string"}}
    game = {
        "type": "object",
        "properties": {
            "apiKey": {"type": "string"}, "id": {"type": "string"}, "name": {"type": "string"},
        },
    }  # fmt: skip
    document = pets()
    document["paths"]["/games/{apiKey}"] = {
        "get": {"operationId": "getGame", "parameters": [key], "responses": gives(game)}
    }

    assert drafted(document).schema.entity("game").key == ("id",)


FOREIGN = {
    "asyncapi: 2.6.0\nchannels: {}\n": "AsyncAPI",
    '{"info": {"_postman_id": "x", "name": "c"}, "item": []}': "Postman",
    "#%RAML 1.0\ntitle: T\n": "RAML",
    "type Query {\n  pets: [Pet!]!\n}\n": "GraphQL",
    '{"data": {"__schema": {"types": []}}}': "GraphQL",
    '{"swagger": "1.2", "apis": []}': "Swagger 1",
    '{"kind": "discovery#restDescription"}': "discovery",
    'syntax = "proto3";\nservice P {}\n': "protocol buffers",
    '{"log": {"version": "1.2", "entries": []}}': "HAR",
}


@pytest.mark.parametrize("text", FOREIGN, ids=FOREIGN.values())
@pytest.mark.parametrize("ending", [".yaml", ".json", ".txt"])
def test_other_descriptions_are_named(tmp_path: Any, text: str, ending: str) -> None:
    """What is no OpenAPI is called by its name, alone and in a pool."""
    path = tmp_path / f"api{ending}"
    path.write_text(text)

    with pytest.raises(SourceError, match=FOREIGN[text]):
        sources.read(path)
    if ending == ".yaml":
        with pytest.raises(SourceError, match=r"RAML|OpenAPI|YAML"):
            operations(path)


def test_comments_are_no_json(tmp_path: Any) -> None:
    path = tmp_path / "api.json"
    path.write_text('// pets\n{"openapi": "3.0.0"}')

    with pytest.raises(SourceError, match="found a comment"):
        sources.read(path)


def test_a_tool_without_parameters_is_a_tool() -> None:
    """A server's tool that takes nothing may leave its schema out."""
    found = described(
        {"tools": [
            {"name": "list_pets", "description": "List pets."},
            {"name": "get_pet", "inputSchema": {"type": "object", "properties": {
                "pet_id": {"type": "string"}}, "required": ["pet_id"]}},
            {"name": "x"},
        ]},
        path=None, name="tools", sha256="",
    )  # fmt: skip

    assert found is not None
    assert [one.name for one in found.operations] == ["list_pets", "get_pet"]
    assert {type(tool.term) for tool in draft_of(found, "tools").tools} == {Get, Search}


def test_actions_are_asked_for(tmp_path: Any) -> None:
    """An operation that sets a state is what some task needs, and its tasks hold."""
    order = {
        "type": "object",
        "required": ["id", "number", "status", "customer"],
        "properties": {
            "id": {"type": "integer"},
            "number": {"type": "string"},
            "status": {"type": "string", "enum": ["open", "shipped", "cancelled"]},
            "customer": {"type": "string"},
            "total": {"type": "number"},
        },
    }
    act = {"parameters": [ID], "responses": gives(order)}
    draft = drafted({
        "openapi": "3.0.0",
        "info": {"title": "Orders"},
        "paths": {
            "/orders": {"get": {"operationId": "listOrders", "responses": gives(
                {"type": "array", "items": order}), "parameters": [query("number")]}},
            "/orders/{id}": {"get": {"operationId": "getOrder", **act}},
            "/orders/{id}/cancel": {"post": {"operationId": "cancelOrder", **act}},
            "/orders/{id}/ship": {"post": {"operationId": "shipOrder", **act}},
        },
    })  # fmt: skip

    construct(draft, tmp_path / "orders", name="orders", tasks=12, seed=0, rules=0)
    done = (tmp_path / "orders" / "tasks.jsonl").read_text()

    assert check(tmp_path / "orders").ok
    assert '"cancel_order"' in done or '"ship_order"' in done
    assert '"kind":"transition"' in done.replace(" ", "")
