"""Roles: what fields and entities mean, found from names, types, comments and values."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentgym.schema import Entity, Field, Relation, Schema
from agentgym.schema.holds import violations
from agentgym.schema.roles import infer
from agentgym.schema.roles.lifecycle import listed_values
from agentgym.schema.types import Row, Stored


def field(name: str, type: str = "text", **more: Any) -> Field:
    said = more.pop("label", name.replace("_", " "))
    return msgspec.convert({"name": name, "type": type, "label": said} | more, Field)


def entity(name: str, *fields: Field, key: tuple[str, ...] = ("id",), **more: Any) -> Entity:
    if key == ("id",):
        fields = (field("id", "integer", label=f"{name} ID"), *fields)
        more.setdefault("key_source", "counter")
    said: dict[str, Any] = {"label": name.replace("_", " "), "plural": name.replace("_", " ") + "s"}
    return Entity(name=name, key=key, fields=fields, **(said | more))


def relation(child: str, column: str, target: str) -> Relation:
    return Relation(
        name=f"{child}_{column}",
        entity=child,
        fields=(column,),
        target=target,
        target_fields=("id",),
        label=target,
        inverse=child,
    )


def one(given_field: Field, values: Sequence[Stored] | None = None, *, of: str = "thing") -> Field:
    """Judge one field in an entity of its own."""
    subject = entity(of, given_field)
    rows: list[Row] = [(n, value) for n, value in enumerate(values or [], 1)]
    found = infer(Schema(entities=(subject,)), {of: rows} if rows else {})
    return found.entity(of).field(given_field.name)


@pytest.mark.parametrize(
    ("name", "type", "role"),
    [
        ("unit_price", "decimal", "money"),
        ("salary", "integer", "money"),
        ("quantity", "integer", "quantity"),
        ("number_of_seats", "integer", "quantity"),
        ("weight", "float", "measure"),
        ("birth_date", "date", "time"),
        ("release_year", "integer", "time"),
        ("created_at", "datetime", "audit"),
        ("last_update", "datetime", "audit"),
        ("rowguid", "text", "audit"),
        ("email", "text", "contact"),
        ("home_phone", "text", "contact"),
        ("address2", "text", "contact"),
        ("postal_code", "text", "contact"),
        ("first_name", "text", "person"),
        ("surname", "text", "person"),
        ("city", "text", "place"),
        ("country", "text", "place"),
        ("password", "text", "secret"),
        ("api_key", "text", "secret"),
        ("ssn", "text", "secret"),
        ("cvv", "text", "secret"),
        ("credit_card_number", "text", "secret"),
        ("password_salt", "text", "secret"),
        ("is_active", "boolean", "flag"),
        ("description", "text", "text"),
        ("comments", "text", "text"),
        ("name", "text", "label"),
        ("title", "text", "label"),
        ("sku", "text", "code"),
        ("invoice_number", "text", "code"),
        ("payment_method", "text", "category"),
        ("gender", "text", "category"),
        ("settings", "json", "other"),
        ("picture", "bytes", "other"),
    ],
)
def test_a_name_tells_the_role(name: str, type: str, role: str) -> None:
    """Without any row, name and type say what a field is, and why is kept."""
    found = one(field(name, type, scale=2 if type == "decimal" else 0))
    assert found.role == role
    assert role == "other" or found.evidence


@pytest.mark.parametrize(
    "name", ["hash_tag", "pincode", "key", "token_count", "hash_function", "secret_name"]
)
def test_what_only_sounds_secret_is_shown(name: str) -> None:
    """A hash tag, a postcode and a count of tokens hide nothing."""
    assert one(field(name)).role != "secret"


def test_values_speak_where_names_do_not() -> None:
    """E-mail addresses are known by their looks, and the evidence counts them."""
    addresses = [f"user{n}@example.org" for n in range(12)]
    found = one(field("kontakt"), addresses)
    assert found.role == "contact"
    assert found.unique
    assert "values look like e-mail addresses (12 of 12)" in found.evidence
    assert one(field("eigenschaft"), ["A long sentence, one of many. " * 4] * 3).role == "text"
    assert one(field("farbe"), ["rot", "blau"] * 20).role == "category"
    assert one(field("kuerzel"), [f"AB-{n}" for n in range(12)]).role == "code"


@pytest.mark.parametrize(
    ("name", "type", "unit"),
    [
        ("milliseconds", "integer", "ms"),
        ("bytes", "integer", "B"),
        ("weight_kg", "float", "kg"),
        ("price_eur", "decimal", "EUR"),
        ("discount_pct", "float", "%"),
        ("number_of_days", "integer", None),
        ("name", "text", None),
    ],
)
def test_units_come_from_names(name: str, type: str, unit: str | None) -> None:
    """A sign or a word at the end of a name is the unit of its numbers."""
    assert one(field(name, type)).unit == unit
    assert one(field("lead", "integer", comment="Average span in days.")).unit == "d"


def test_natural_keys_are_unique_only_where_rows_show_it() -> None:
    """Ten different codes make a natural key; nine do not, and prose and prices never do."""
    codes = [f"SKU{n:04}" for n in range(10)]
    assert one(field("sku"), codes).unique
    assert not one(field("sku"), codes[:9]).unique
    assert not one(field("price", "float"), [float(n) for n in range(20)]).unique
    assert not one(field("notes"), [f"{n} " + "words " * 30 for n in range(20)]).unique
    assert not one(field("first_name"), [f"Name{chr(97 + n)}" for n in range(20)]).unique


@pytest.mark.parametrize(
    ("key", "values", "role"),
    [
        (field("customer_id", label="customer ID"), ["ALFKI", "ANATR", "BONAP"], "code"),
        (field("currency_code"), ["EUR", "USD"], "code"),
        (
            field("thing_id", label="thing ID"),
            ["0b5f1f2e-8f3c-4f0e-9a53-0c5f3f7a1d11", "1b5f1f2e-8f3c-4f0e-9a53-0c5f3f7a1d12"],
            "key",
        ),
        (field("uuid", label="thing UUID"), [], "key"),
        (field("thing_id", "integer", label="thing ID"), [1, 2, 3], "key"),
        (field("atomic_number", "integer"), [1, 2, 3], "code"),
    ],
)
def test_a_key_is_said_when_people_could_say_it(
    key: Field, values: Sequence[Stored], role: str
) -> None:
    """Counters and random texts are surrogate keys; short codes and numbers with a name are not."""
    subject = entity("thing", key, key=(key.name,))
    found = infer(Schema(entities=(subject,)), {"thing": [(value,) for value in values]})
    assert found.entity("thing").field(key.name).role == role


def status(*values: str, default: str | None = None) -> dict[str, tuple[str, ...]] | None:
    asked = field("status", "enum", values=values, default=default)
    found = infer(Schema(entities=(entity("order", asked),)), {})
    if not found.lifecycles:
        assert found.entity("order").field("status").role == "category"
        return None
    assert found.entity("order").field("status").role == "status"
    assert found.lifecycles[0].evidence
    return {"": found.lifecycles[0].initial} | found.lifecycles[0].moves


def test_a_life_cycle_follows_the_usual_order() -> None:
    """States go forward one by one; exits may be taken from any of them; the last leads nowhere."""
    assert status("shipped", "new", "cancelled", "processing", "delivered") == {
        "": ("new",),
        "new": ("processing", "cancelled"),
        "processing": ("shipped", "cancelled"),
        "shipped": ("delivered", "cancelled"),
        "delivered": (),
        "cancelled": (),
    }


def test_pauses_lead_back() -> None:
    """A suspended account can be active again; a closed one cannot."""
    assert status("active", "suspended", "closed") == {
        "": ("active",),
        "active": ("closed", "suspended"),
        "suspended": ("active", "closed"),
        "closed": (),
    }


def test_what_cannot_be_ordered_has_no_life_cycle() -> None:
    """Values that the vocabulary does not know as states stay a category."""
    assert status("gold", "silver", "bronze") is None
    assert status("pending", "blue") is None
    assert status("paid", "cancelled") is None


def test_a_default_is_where_rows_begin() -> None:
    """The default of the source is the first state; what comes before it can begin too."""
    found = status("draft", "open", "closed", default="open")
    assert found is not None
    assert found[""] == ("open", "draft")


@given(
    st.lists(
        st.sampled_from(
            "new draft Open in_progress shipped DELIVERED on-hold cancelled refunded paid".split()
        ),
        min_size=2,
        unique=True,
    )
)
@settings(deadline=None)
def test_life_cycles_are_sound(values: list[str]) -> None:
    """Every state is one of the values, all of them occur, and one can leave the first."""
    found = infer(Schema(entities=(entity("order", field("status", "enum", values=values)),)), {})
    found.validate()
    for cycle in found.lifecycles:
        assert set(cycle.moves) == set(values)
        assert cycle.unreachable == ()
        assert cycle.moves[cycle.initial[0]]
        assert all(state not in after for state, after in cycle.moves.items())


def test_a_comment_lists_the_values() -> None:
    """`possible values: ...` makes a text an enum, unless a row holds another value."""
    asked = field("state", comment="possible values: active, inactive, suspended, closed")
    found = one(asked)
    assert found.values == ("active", "inactive", "suspended", "closed")
    assert found.role == "status"
    assert one(asked, ["odd"]).type == "text"
    assert listed_values("a comment, of words") == ()


def shop() -> tuple[Schema, dict[str, list[Row]]]:
    schema = Schema(
        entities=(
            entity("customer", field("first_name"), field("last_name"), field("email")),
            entity("genre", field("name")),
            entity("track", field("name"), field("genre_id", "integer")),
            entity("playlist", field("name"), field("customer_id", "integer")),
            entity(
                "playlist_track",
                field("playlist_id", "integer"),
                field("track_id", "integer"),
                key=("playlist_id", "track_id"),
            ),
            entity(
                "price_history", field("track_id", "integer"), field("price", "decimal", scale=2)
            ),
            entity("zq", field("xq"), spoken=False),
        ),
        relations=(
            relation("track", "genre_id", "genre"),
            relation("playlist", "customer_id", "customer"),
            relation("playlist_track", "playlist_id", "playlist"),
            relation("playlist_track", "track_id", "track"),
            relation("price_history", "track_id", "track"),
        ),
    )
    rows: dict[str, list[Row]] = {
        "customer": [(n, f"Ann{'abcdefghijkl'[n]}", "Lee", f"a{n}@example.com") for n in range(12)],
        "genre": [(n, name) for n, name in enumerate(["Rock", "Jazz", "Folk"])],
        "track": [(n, f"Song {n}", n % 3) for n in range(12)],
        "playlist": [(1, "Mine", 1)],
        "playlist_track": [(1, n) for n in range(5)],
    }
    return schema, rows


def test_entities_have_kinds() -> None:
    """Links, lookup lists and logs are told from records; the principal is marked."""
    found = infer(*shop())
    assert {e.name: e.kind for e in found.entities} == {
        "customer": "record",
        "genre": "lookup",
        "track": "record",
        "playlist": "record",
        "playlist_track": "link",
        "price_history": "log",
        "zq": "record",
    }
    assert [e.name for e in found.entities if not e.writable] == ["price_history", "zq"]
    assert [e.name for e in found.entities if any("principal:" in t for t in e.evidence)] == [
        "customer"
    ]
    assert found.entity("track").field("genre_id").role == "reference"


def test_inference_is_settled_and_never_breaks_rows() -> None:
    """Rows that held before hold after; a second inference adds nothing; a person's word stays."""
    schema, rows = shop()
    found = infer(schema, rows)
    found.validate()
    assert violations(found, rows) == violations(schema, rows) == []
    assert infer(found, rows) == found
    asked = msgspec.structs.replace(field("name"), role="code", evidence=("by hand",))
    assert one(asked).role == "code"
    assert one(asked).evidence == ("by hand",)


NAMES = st.sampled_from(
    "status state name title code qty unit_price created_at email first_name city weight_kg "
    "is_open hash kind total date year notes größe password order_id type 番号".split()
)
TYPES = st.sampled_from(["integer", "decimal", "float", "text", "boolean", "date", "json", "bytes"])
TEXTS = st.text(max_size=8) | st.sampled_from(["open", "closed", "0", "a@b.de", "ABC-1", "é"])


@given(st.data())
@settings(max_examples=120, deadline=None)
def test_anything_can_be_judged(data: st.DataObject) -> None:
    """Whatever names, types and values come together, the schema stays valid and rows hold."""
    labels = data.draw(st.lists(NAMES, unique=True, min_size=1, max_size=6))
    fields = tuple(
        field(f"f{n}", data.draw(TYPES), label=said.replace("_", " "), nullable=True)
        for n, said in enumerate(labels)
    )
    schema = Schema(entities=(entity("thing", *fields),))
    size = data.draw(st.integers(0, 25))
    rows = [(n, *(data.draw(_values(f)) for f in fields)) for n in range(size)]
    found = infer(schema, {"thing": rows})
    found.validate()
    assert violations(found, {"thing": rows}) == []
    assert infer(found, {"thing": rows}) == found
    assert sum(f.role == "label" for f in found.entity("thing").fields) <= 1


def _values(asked: Field) -> st.SearchStrategy[Any]:
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "integer": st.integers(0, 9999),
        "decimal": st.integers(0, 9999),
        "float": st.floats(0, 10),
        "text": TEXTS.map(lambda text: text.replace("\x00", "")),
        "boolean": st.integers(0, 1),
        "date": st.just("2024-02-29"),
        "json": st.just("{}"),
        "bytes": st.just("AAAA"),
    }
    return st.none() | kinds[asked.type]
