"""Texts of API descriptions: YAML, prose, names, and what operations mean by them."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from agentgym.errors import SourceError
from agentgym.formats import encode
from agentgym.sources.openapi.envelope import contents
from agentgym.sources.openapi.intent import intent
from agentgym.sources.openapi.kind import is_api, is_structured, may_be_api, tool_list
from agentgym.sources.openapi.load import load, load_yaml
from agentgym.sources.openapi.names import parts, singular, snake, stem
from agentgym.sources.openapi.prose import prose, sentence
from agentgym.tools.pool.operation import Shape

_TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=0x17F, exclude_categories=["Cc"]))
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(_VALUES)
def test_yaml_reads_back_what_was_dumped(value: object) -> None:
    """What PyYAML writes is read as it was, but for what the core schema calls a text."""
    text = yaml.safe_dump(value)

    assert load_yaml(text, where="t") == value


@given(_VALUES)
def test_json_and_yaml_agree(value: object) -> None:
    """JSON is YAML: both ways of reading give one value."""
    text = encode(value).decode()

    assert load_yaml(text, where="t") == load(text, where="t")


def test_yaml_means_what_is_written() -> None:
    """Dates, `on` and numbers as keys stay texts; anchors and merge keys work."""
    found = load_yaml(
        """
        200: ok
        on: off
        day: 2020-01-31
        price: 1.50
        base: &base {a: 1, b: 2}
        more: {<<: *base, b: 3}
        again: *base
        null: ~
        """,
        where="t",
    )

    assert found == {
        "200": "ok",
        "on": "off",
        "day": "2020-01-31",
        "price": Decimal("1.50"),
        "base": {"a": 1, "b": 2},
        "more": {"b": 3, "a": 1},
        "again": {"a": 1, "b": 2},
        "null": None,
    }


@pytest.mark.parametrize(
    "text",
    ["- " * 5000 + "x", "[" * 5000, "{" * 3000, "a: [1, 2", "a: b: c", "\t- x", "&a [*b"],
)
def test_bad_yaml_is_an_error_with_a_place(text: str) -> None:
    """Deep, broken and unclosed texts raise; none of them crashes."""
    with pytest.raises(SourceError, match="file"):
        load_yaml(text, where="file")


def test_yaml_bombs_stay_small() -> None:
    """Aliases share what they stand for, circles are cut, merge keys are bounded."""
    lines = ["a: &a [x, x, x, x]"]
    lines += [f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]"
              for n in range(20)]  # fmt: skip
    found = load_yaml("\n".join(lines), where="t")
    row = ", ".join(["*big"] * 400)
    big = "{" + ", ".join(f"k{n}: 1" for n in range(2000)) + "}"

    assert len(found) == 21
    assert load_yaml("a: &a [*a]", where="t") == {"a": [None]}
    with pytest.raises(SourceError, match="merge keys"):
        load_yaml(f"big: &big {big}\nx: {{<<: [{row}]}}", where="t")


@pytest.mark.parametrize(
    ("text", "extension", "expected"),
    [
        ('{"openapi": "3.1.0"}', ".json", True),
        ("swagger: '2.0'\npaths: {}", ".txt", True),
        ('{"tools": []}', "", True),
        ("CREATE FUNCTION f() parameters: 1;", ".sql", False),
        ("name: x", ".yaml", False),
    ],
)
def test_kind_is_told_by_content(text: str, extension: str, expected: bool) -> None:
    """A quick look tells what may be a description."""
    assert may_be_api(text, extension) is expected


def test_structured_texts() -> None:
    """JSON and YAML are known whatever they say; SQL is neither."""
    assert is_structured(" {", "")
    assert is_structured("x", ".yml")
    assert not is_structured("INSERT INTO t VALUES (1)", ".sql")


def test_tool_lists_in_all_their_forms() -> None:
    """Bare, under `tools`, as an answer, by server, and flat."""
    mcp = {"name": "get_x", "inputSchema": {"type": "object"}}
    chat = {"type": "function", "function": {"name": "get_x"}}
    flat = {"type": "function", "name": "get_x", "parameters": {}}
    for document in (
        [mcp],
        {"tools": [chat]},
        {"jsonrpc": "2.0", "result": {"tools": [mcp]}},
        {"one": {"tools": [mcp]}, "two": {"tools": [flat]}},
        flat,
    ):
        assert tool_list(document), document
    assert tool_list({"data": [1, 2]}) is None
    assert tool_list([{"name": "x"}]) is None
    assert not is_api({"openapi": {"a": 1}})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<p>The <b>name</b> of&nbsp;it</p>", "The name of it"),
        (
            "# Title\n\nDoes *this*, see [docs](http://x.y/z).\n```\ncode\n```",
            "Does this, see docs.",
        ),
        ("- one\n- Two", "one. Two"),
        ("a < b and c > d", "a ( b and c) d"),
        ("Costs `5`. More words follow here.", "Costs 5. More words follow here."),
        (None, ""),
        (5, ""),
    ],
)
def test_prose(text: object, expected: str) -> None:
    """Markup falls away."""
    assert prose(text, 80) == expected


@given(st.text(max_size=400), st.integers(10, 120))
def test_prose_is_one_bounded_line(text: str, longest: int) -> None:
    """Whatever comes in, one line of at most so many characters goes out."""
    found = prose(text, longest)

    assert len(found) <= longest
    assert found.isprintable()
    assert "<" not in found
    assert sentence(found)[-1:] in ("", ".", "!", "?")


@given(st.text(max_size=60))
def test_names_are_identifiers(text: str) -> None:
    """Any name becomes an identifier, or nothing; once made it stays as it is."""
    found = snake(text)

    assert not found or (found.isidentifier() and found.isascii())
    assert snake(found).rstrip("_") == found.rstrip("_")


def test_words_of_names() -> None:
    """Camel, snake and plural forms."""
    assert parts("petIDs") == ("pet", "ids")
    assert parts("HTTPServerName") == ("http", "server", "name")
    assert stem(parts("orderItems")) == "order_item"
    assert [singular(w) for w in ("categories", "boxes", "status", "people", "addresses")] == [
        "category", "box", "status", "person", "address",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "method", "path", "verb", "noun", "key", "parent"),
    [
        ("listPets", "get", "/pets", "list", "pet", "", ""),
        ("", "get", "/v2/pets/{petId}", "get", "pet", "petId", ""),
        ("findPetsByStatus", "get", "/pet/findByStatus", "list", "pet", "", ""),
        ("", "post", "/pets", "create", "pet", "", ""),
        ("", "patch", "/pets/{id}", "update", "pet", "id", ""),
        ("", "get", "/owners/{ownerId}/pets", "list", "pet", "", "owner"),
        ("", "get", "/owners/{ownerId}/pets/{petId}", "get", "pet", "petId", "owner"),
        ("", "post", "/orders/{id}/cancel", "act", "order", "id", ""),
        ("", "get", "/pets/count", "count", "pet", "", ""),
        ("Pets_ListByOwner", "get", "/x/Vendor.Pets/owners/{o}/pets", "list", "pet", "", "owner"),
        ("SetGroups_Get", "get", "/setGroups/{name}", "get", "set_group", "name", ""),
        ("FailoverNodes_Get", "get", "/failoverNodes/{n}", "get", "failover_node", "n", ""),
        ("Bots_CreateOrUpdate", "put", "/bots/{bot}", "create", "bot", "bot", ""),
        ("app.shops.books.get", "get", "/v1/{+name}", "get", "book", "name", ""),
        ("app.shops.books.publish", "post", "/v1/{name}:publish", "act", "book", "name", ""),
        ("CreateByteMatchSet", "post", "/#Target=X.CreateByteMatchSet", "create",
         "byte_match_set", "", ""),
        ("GET_DescribeInstances", "get", "/#Action=DescribeInstances", "get", "instance", "", ""),
        ("", "get", "/Users('{id}')/Orders", "list", "order", "", "user"),
        ("", "post", "/users/{id}/orders", "create", "order", "", "user"),
        ("github_create_issue", "", "", "create", "issue", "", ""),
        ("slack.post_message", "", "", "create", "message", "", ""),
        ("search-repositories", "", "", "list", "repository", "", ""),
        ("loginUser", "get", "/user/login", "act", "user", "", ""),
    ],
)  # fmt: skip
def test_intent(
    name: str, method: str, path: str, verb: str, noun: str, key: str, parent: str
) -> None:
    """Names and paths of many customs say the same things."""
    found = intent(name, method, path)

    assert (found.verb, found.noun, found.key, found.parent) == (verb, noun, key, parent)


@given(st.text(max_size=30), st.sampled_from(["", "get", "post", "put", "patch", "delete"]),
       st.text(alphabet="/{}:ab#.?*()'-1", max_size=40))  # fmt: skip
def test_intent_never_fails(name: str, method: str, path: str) -> None:
    """Whatever an operation is called, it means something or nothing."""
    assert intent(name, method, path if method else "").verb


def test_envelopes() -> None:
    """What comes in `data`, `items` or under its own name is taken out."""
    pet = Shape(type="object", fields=(Shape(name="id"), Shape(name="name")))
    pets = Shape(type="array", items=pet)

    def of(**fields: Shape) -> Shape:
        named = [msgspec.structs.replace(s, name=n) for n, s in fields.items()]
        return Shape(type="object", fields=tuple(named))

    assert contents(pets) == (pet, True)
    assert contents(of(data=pets, total=Shape(type="integer"))) == (pet, True)
    assert contents(of(pets=pets, next=Shape(type="string")), "pet") == (pet, True)
    assert contents(of(data=of(items=pets))) == (pet, True)
    assert contents(of(pet=pet, status=Shape(type="string")), "pet")[0] is not None
    assert contents(of(code=Shape(), message=Shape())) == (None, False)
    wide = of(id=Shape(type="string"), attributes=of(title=Shape(), body=Shape()))
    opened, many = contents(wide)
    assert opened is not None
    assert not many
    assert [field.name for field in opened.fields] == ["id", "title", "body"]
