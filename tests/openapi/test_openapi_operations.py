"""Operations of descriptions: references, schemas, parameters, answers."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentgym.errors import SourceError
from agentgym.formats import Json, encode
from agentgym.sources.openapi import draft_of, load, operations
from agentgym.sources.openapi.operations import described
from agentgym.tools.pool.operation import Operation, Operations

HERE = Path(__file__).parent
FIXTURES = ("petstore.yaml", "helpdesk.json", "tools.json")


def read(document: Any, path: Path | None = None) -> Operations:
    found = described(document, path=path, name="api", sha256="")
    assert found is not None
    return found


def one(found: Operations, name: str) -> Operation:
    return next(each for each in found.operations if each.name == name)


def answer(schema: Any, **more: Any) -> dict[str, Any]:
    """Return a description of one operation that answers with a schema."""
    content = {"application/json": {"schema": schema}}
    get = {"operationId": "getPet", "responses": {"200": {"content": content}}}
    return {
        "openapi": "3.0.0",
        "info": {"title": "T"},
        "paths": {"/pets/{id}": {"get": get}},
    } | more


def test_swagger_and_openapi_say_the_same() -> None:
    """Of an old description the parameters, bodies and answers are found where they were."""
    found = operations(HERE / "petstore.yaml")
    add, listed = one(found, "add_pet"), one(found, "list_pets")

    assert found.dialect == "Swagger 2.0"
    assert [p.name for p in add.takes] == [
        "name",
        "species",
        "price",
        "birthDate",
        "status",
        "tags",
    ]
    assert [p.required for p in add.takes] == [True, True, False, False, False, False]
    assert add.writes
    assert listed.many
    assert not listed.writes
    assert listed.gives is not None
    assert listed.gives.component == "Pet"
    assert {p.place for p in listed.takes} == {"query"}
    assert found.skipped["header parameter"] == 1
    assert found.skipped["parameter of the protocol"] == 1


def test_schemas_are_merged_and_bounded() -> None:
    """`allOf` is one object, null is told, read-only and limits are kept, circles end."""
    found = operations(HERE / "helpdesk.json")
    ticket = one(found, "tickets_get").gives
    assert ticket is not None
    fields = {field.name: field for field in ticket.fields}

    assert fields["subject"].required
    assert fields["subject"].description == "One line that says what is wrong"
    assert fields["assignee"].nullable
    assert fields["assignee"].component == "Agent"
    assert fields["created"].read_only
    assert fields["parent"].fields
    assert fields["status"].values == ("new", "open", "pending", "closed")


def test_flat_names_of_fields() -> None:
    """What an operation gives can be walked as dotted paths."""
    ticket = one(operations(HERE / "helpdesk.json"), "tickets_get")
    paths = [path for path, _ in ticket.response_fields()]

    assert {"subject", "assignee.name", "steps.text"} <= set(paths)


def test_references_into_files_beside_it(tmp_path: Path) -> None:
    """Relative files are read, also from one another; addresses and other folders never are."""
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "pet.yaml").write_text(
        "Pet:\n  type: object\n  properties:\n    id: {type: integer}\n"
        "    owner: {$ref: 'owner.json#/Owner'}\n    name: {$ref: '#/Name'}\n"
        "Name: {type: string, maxLength: 9}\n"
    )
    owner = {"Owner": {"type": "object", "properties": {"name": {"type": "string"}}}}
    (tmp_path / "schemas" / "owner.json").write_text(json.dumps(owner))
    (tmp_path.parent / "secret.yaml").write_text("Pet: {type: object, properties: {id: {}}}")
    document = answer({"$ref": "schemas/pet.yaml#/Pet"})
    pet = one(read(document, tmp_path / "api.json"), "get_pet").gives
    assert pet is not None
    assert [field.name for field in pet.fields] == ["id", "owner", "name"]
    assert [field.name for field in pet.fields[1].fields] == ["name"]
    assert pet.fields[2].longest == 9

    for reference, why in (
        ("../secret.yaml#/Pet", "reference to a file that is not there"),
        ("none.yaml#/Pet", "reference to a file that is not there"),
        ("https://example.org/pet.yaml#/Pet", "reference to an address"),
        ("#/components/schemas/Gone", "broken reference"),
    ):
        found = read(answer({"$ref": reference}), tmp_path / "api.json")
        assert found.skipped == {why: 1}, reference
        assert found.operations[0].gives is None


def test_circles_end() -> None:
    """References to themselves are counted; objects within themselves are cut."""
    schemas = {
        "Loop": {"$ref": "#/components/schemas/Loop"},
        "A": {"allOf": [{"$ref": "#/components/schemas/B"}]},
        "B": {
            "allOf": [{"$ref": "#/components/schemas/A"}],
            "properties": {"id": {"type": "integer"}, "me": {"$ref": "#/components/schemas/B"},
                           "loop": {"$ref": "#/components/schemas/Loop"}},
        },
    }  # fmt: skip
    found = read(answer({"$ref": "#/components/schemas/A"}, components={"schemas": schemas}))
    given_ = found.operations[0].gives

    assert given_ is not None
    assert [field.name for field in given_.fields] == ["id", "me", "loop"]
    assert found.skipped == {"reference in a circle": 1}


def test_long_chains_end() -> None:
    """A chain of parts that is longer than the stack is cut, and no error."""
    schemas: dict[str, Any] = {
        f"S{n}": {"allOf": [{"$ref": f"#/components/schemas/S{n + 1}"}]} for n in range(2000)
    }
    document = answer({"$ref": "#/components/schemas/S0"}, components={"schemas": schemas})

    assert len(read(document).operations) == 1


def test_tools_of_all_forms() -> None:
    """Chat and flat tools are read alike; what is no tool is counted."""
    document = load((HERE / "tools.json").read_text(), where="t")
    found = read([*document, 5, {"name": "x"}])

    assert found.dialect == "OpenAI"
    assert [each.name for each in found.operations[:3]] == [
        "get_order", "list_orders", "create_order",
    ]  # fmt: skip
    assert one(found, "create_order").takes[0].required
    assert found.skipped == {"entry of the list that is no tool": 2}


def test_mcp_tools_tell_what_they_give() -> None:
    """An output schema is an answer; the read-only hint decides whether it writes."""
    tool = {
        "name": "notes.list",
        "inputSchema": {"type": "object", "properties": {"tag": {"type": "string"}}},
        "outputSchema": {"type": "object", "properties": {"notes": {"type": "array", "items": {
            "type": "object", "properties": {"id": {"type": "integer"}, "text": {}}}}}},
        "annotations": {"readOnlyHint": True},
    }  # fmt: skip
    found = read({"tools": [tool]}).operations[0]

    assert found.many
    assert not found.writes
    assert found.gives is not None
    assert [field.name for field in found.gives.fields] == ["id", "text"]


@pytest.mark.parametrize("text", ["{}", "[]", "x: 1", '{"openapi": "9.0"}', "3"])
def test_what_is_no_description_is_an_error(text: str) -> None:
    """The error says what was expected and what was there."""
    with pytest.raises(SourceError, match="API description"):
        operations(text, name="t")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """The error names it."""
    with pytest.raises(SourceError, match=r"gone\.json"):
        operations(tmp_path / "gone.json")


_JUNK: st.SearchStrategy[Json] = st.sampled_from(
    [None, True, 0, -1, 1.5, "", "x", "#/paths", [], {}, [None], {"$ref": "#"}, {"$ref": 5},
     {"type": {}}, {"type": ["null", 3]}, {"enum": [{}, None, 1]}, {"properties": {"": 1, "a": []}},
     {"allOf": [1, {"$ref": "#/x"}]}, {"items": [{}]}, {"required": [[], {}]}, ["a"] * 3,
     {"minimum": "a", "maximum": [], "maxLength": -1}, "ß∂é 中文", {"default": {}, "example": []}]
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(FIXTURES), st.data())
def test_damaged_descriptions_build_or_say_why(name: str, data: st.DataObject) -> None:
    """Whatever stands in a description instead of what should, a draft or a clear error comes."""
    document = copy.deepcopy(load((HERE / name).read_text(), where=name))
    for _ in range(data.draw(st.integers(1, 4))):
        place: Any = document
        for _ in range(data.draw(st.integers(0, 9))):
            inner = place.values() if isinstance(place, dict) else place
            deeper = [each for each in inner if isinstance(each, (dict, list)) and each]
            if not deeper:
                break
            place = data.draw(st.sampled_from(deeper))
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        place[data.draw(st.sampled_from(keys))] = data.draw(_JUNK)
    found = described(document, path=None, name=name, sha256="")
    if found is None:
        return
    try:
        draft = draft_of(found, name)
    except SourceError as error:
        said = str(error)
    else:
        draft.schema.validate()
        said = encode(draft).decode()
    assert "reads or writes a resource" in said or '"tools"' in said


def test_names_are_unique_and_legal() -> None:
    """Operations of one name, without a name, and of foreign names get names of their own."""
    paths = {
        "/a/{id}": {"get": {"operationId": "get"}, "put": {"operationId": "get"}},
        "/Ä/ß": {"get": {}},
        "/x" * 60: {"delete": {"operationId": "löschen " * 20}},
        "/1": {"get": {"operationId": "1"}, "post": {"operationId": "class"}},
    }
    found = read({"openapi": "3.1.0", "paths": paths})
    names = [each.name for each in found.operations]

    assert len(set(names)) == len(names) == 6
    assert all(name.isidentifier() and name.isascii() and len(name) <= 64 for name in names)
