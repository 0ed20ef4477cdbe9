"""Words: what is said reads back as what was meant, and sounds like a person."""

from __future__ import annotations

import re
from decimal import Decimal

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies_plans import (
    CLINIC,
    FAMILIES,
    MUSIC,
    entity,
    field,
    plans,
    relation,
    schemas,
    texts,
)

from agentgym.formats import Json, decode, encode
from agentgym.plan import (
    Aggregated,
    Emit,
    Fact,
    Link,
    Node,
    Pick,
    Plan,
    Select,
    Setting,
    Where,
    Write,
)
from agentgym.schema import Entity, Field, Schema
from agentgym.tasks.words import identifiers_in, question, read, same, say, tellable
from agentgym.tasks.words.lexicon import Lexicon

HAND_MADE = {"music": MUSIC, "clinic": CLINIC}
quick = settings(
    deadline=None,
    max_examples=20,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def fact(id_: str, path: str, value: Json, exposure: str = "instruction") -> Fact:
    """Make a fact of `entity.field`."""
    entity, field = path.split(".")
    return Fact(id=id_, entity=entity, field=field, value=value, exposure=exposure)  # type: ignore[arg-type]


def select(
    id_: str, entity: str, *wheres: str, links: tuple[Link, ...] = (), **more: object
) -> Select:
    """Make a select; a clue is `field op fact`."""
    made = [dict(zip(("field", "op", "fact"), w.split(), strict=True)) for w in wheres]
    where = tuple(msgspec.convert(one, Where) for one in made)
    return Select(id=id_, entity=entity, where=where, links=links, **more)  # type: ignore[arg-type]


def plan(facts: tuple[Fact, ...], *nodes: Node, family: str = "lookup") -> Plan:
    """Make a plan."""
    return Plan(family=family, facts=facts, nodes=nodes)  # type: ignore[arg-type]


def customer(id_: str = "n1", prefix: str = "") -> tuple[tuple[Fact, ...], Select]:
    """Make the customer that most examples are about."""
    facts = (
        fact(f"{prefix}f1", "customer.first_name", "Luís"),
        fact(f"{prefix}f2", "customer.last_name", "Gonçalves"),
    )
    wheres = (f"first_name eq {prefix}f1", f"last_name eq {prefix}f2")
    return facts, select(id_, "customer", *wheres)


def wordings(one: Plan, schema: Schema, n_seeds: int = 60) -> list[str]:
    """Say a plan with many seeds."""
    found = [say(one, schema, seed=seed) for seed in range(n_seeds)]
    assert all(wording is not None for wording in found)
    return [wording.text for wording in found if wording is not None]


# Round trips


@pytest.mark.parametrize("name", HAND_MADE)
@pytest.mark.parametrize("family", FAMILIES)
@given(data=st.data(), seed=st.integers(0, 2**32))
@quick
def test_what_is_said_reads_back(name: str, family: str, data: st.DataObject, seed: int) -> None:
    """A wording of any family has the plan among its readings, each in its final form."""
    schema = HAND_MADE[name]
    one = data.draw(plans(schema, family))
    wording = say(one, schema, seed=seed)
    if wording is not None:
        readings = read(wording.text, schema)
        assert any(same(reading, one) for reading in readings), wording.text
        assert all(tellable(reading) == reading for reading in readings)


@given(data=st.data(), seed=st.integers(0, 2**32))
@quick
def test_awkward_labels_read_back(data: st.DataObject, seed: int) -> None:
    """Labels that are words of the grammar, or parts of each other, lose no meaning."""
    schema = data.draw(schemas())
    one = data.draw(plans(schema))
    wording = say(one, schema, seed=seed)
    if wording is not None:
        assert any(same(reading, one) for reading in read(wording.text, schema)), wording.text


@given(data=st.data(), seed=st.integers(0, 2**32))
@quick
def test_clear_labels_have_one_reading(data: st.DataObject, seed: int) -> None:
    """Where every label means one thing and no rows repeat, so does every message."""
    schema = data.draw(schemas(clear=True))
    one = data.draw(plans(schema, data.draw(st.sampled_from(("lookup", "update")))))
    wording = say(one, schema, seed=seed)
    if wording is not None:
        assert len(read(wording.text, schema)) == 1, wording.text


@given(data=st.data(), seed=st.integers(0, 2**32))
@quick
def test_words_are_the_same_for_the_same_seed(data: st.DataObject, seed: int) -> None:
    """A wording depends on plan, schema and seed alone."""
    one = data.draw(plans(MUSIC))
    copy = decode(encode(MUSIC), Schema, where="schema")
    assert say(one, MUSIC, seed=seed) == say(one, copy, seed=seed)


@given(data=st.data())
@quick
def test_tellable_is_idempotent_and_same_is_reflexive(data: st.DataObject) -> None:
    """What words can tell of a plan can be told again, also after a file."""
    one = data.draw(plans(CLINIC))
    assert tellable(tellable(one)) == tellable(one)
    assert same(one, decode(encode(one), Plan, where="plan"))


@given(data=st.data())
@quick
def test_another_value_is_another_reading(data: st.DataObject) -> None:
    """A plan with one fact changed is not the same."""
    one = data.draw(plans(MUSIC, "lookup"))
    told = [f for f in tellable(one).facts if f.exposure == "instruction"]
    if told and isinstance(told[0].value, str):
        facts = tuple(
            msgspec.structs.replace(f, value="2001-01-01T11:11:11Z")
            if f.value == told[0].value
            else f
            for f in one.facts
        )
        assert not same(one, msgspec.structs.replace(one, facts=facts))


@given(text=texts, seed=st.integers(0, 2**32))
@quick
def test_any_text_can_be_quoted(text: str, seed: int) -> None:
    """A name of any characters stands in the message as it is."""
    one = plan(
        (fact("f1", "artist.name", text),),
        select("n1", "album", links=(Link(relation="album_artist", forward=True, node="n0"),)),
        Emit(id="n2", node="n1", field="title"),
    )
    nodes = (select("n0", "artist", "name eq f1"), *one.nodes)
    one = msgspec.structs.replace(one, nodes=nodes)
    wording = say(one, MUSIC, seed=seed)
    assert wording is not None
    assert text in wording.text
    assert [same(reading, one) for reading in read(wording.text, MUSIC)] == [True]


@given(text=st.text())
@quick
def test_any_text_can_be_read(text: str) -> None:
    """Text that is no message of the grammar has no reading."""
    assert read(text, MUSIC) == []


@given(data=st.data(), seed=st.integers(0, 2**32))
@quick
def test_nothing_looks_like_code(data: st.DataObject, seed: int) -> None:
    """No identifier of the schema or its source stands in a message, outside of quotes."""
    for schema in HAND_MADE.values():
        wording = say(data.draw(plans(schema)), schema, seed=seed)
        assert wording is None or identifiers_in(wording.text, schema) == []


@given(data=st.data(), seed=st.integers(0, 2**32))
@quick
def test_sentences_are_well_formed(data: st.DataObject, seed: int) -> None:
    """Each sentence begins with a capital and ends; spaces and commas are single."""
    wording = say(data.draw(plans(CLINIC)), CLINIC, seed=seed)
    if wording is not None:
        bare = re.sub(r'"[^"]*"|“[^”]*”', "Q", wording.text)
        assert bare[0] == bare[0].upper()
        assert bare[-1] in ".?!"
        assert not re.search(r"  |,,|,[.?!]| [.,?!]|[.?!] [a-z]", bare), wording.text


# Examples


def test_phrasings_differ() -> None:
    """One plan is said in many ways, of several tones."""
    facts, row = customer()
    one = plan(facts, row, Emit(id="n2", node="n1", field="email"))
    found = {w.phrasing for s in range(200) if (w := say(one, MUSIC, seed=s)) is not None}
    assert len(found) >= 40
    assert all("Luís" not in phrasing for phrasing in found)


def test_person_is_called_by_name() -> None:
    """First and last name stand bare when they are plain, and are told apart when not."""
    facts, row = customer()
    one = plan(facts, row, Emit(id="n2", node="n1", field="email"))
    assert any("the customer Luís Gonçalves" in text for text in wordings(one, MUSIC))
    facts = (facts[0], msgspec.structs.replace(facts[1], value="de la Cruz"))
    texts_ = wordings(plan(facts, row, Emit(id="n2", node="n1", field="email")), MUSIC)
    assert not any("Luís de la Cruz" in text for text in texts_)


def test_hops_are_said_in_the_direction_of_the_relation() -> None:
    """A parent is found through its child by its role, a child through its parent by `of`."""
    facts: tuple[Fact, ...] = (fact("f1", "album.title", "Let There Be Rock"),)
    back = plan(
        facts,
        select("n1", "album", "title eq f1"),
        select("n2", "artist", links=(Link(relation="album_artist", forward=False, node="n1"),)),
        Emit(id="n3", node="n2", field="name"),
    )
    assert any('artist of the album "Let There Be Rock"' in t for t in wordings(back, MUSIC))
    facts, row = customer()
    link = Link(relation="invoice_customer", forward=True, node="n1")
    latest = Pick(field="invoice_date", largest=True)
    ahead = plan(
        facts,
        row,
        select("n2", "invoice", links=(link,), pick=latest),
        Emit(id="n3", node="n2", field="total"),
    )
    texts_ = wordings(ahead, MUSIC)
    assert any("latest invoice for the customer Luís Gonçalves" in t for t in texts_)
    assert any("Luís Gonçalves's latest invoice" in t for t in texts_)


def test_rows_that_only_link_are_not_mentioned() -> None:
    """What two things have to do with each other is said without the table between them."""
    schema = msgspec.structs.replace(
        MUSIC,
        entities=(
            *MUSIC.entities,
            entity("playlist", "playlists", field("name", "text", "label")),
            entity("playlist_track", "playlist tracks", references=("playlist_id", "track_id")),
        ),
        relations=(
            *MUSIC.relations,
            relation("playlist_track", "playlist_id", "playlist"),
            relation("playlist_track", "track_id", "track"),
        ),
    )
    near = Link(relation="playlist_track_playlist", forward=True, node="n1")
    far = Link(relation="playlist_track_track", forward=False, node="n2")
    one = plan(
        (fact("f1", "playlist.name", "Grunge"),),
        select("n1", "playlist", "name eq f1"),
        select("n2", "playlist_track", links=(near,)),
        select("n3", "track", links=(far,)),
        Emit(id="n4", node="n3", field="composer"),
    )
    said = [w for w in (say(one, schema, seed=seed) for seed in range(20)) if w is not None]
    linked = [w for w in said if "track linked to the playlist" in w.text]
    assert len(linked) * 2 > len(said) > 10
    for wording in linked:
        assert "playlist track" not in wording.text
        assert [same(reading, one) for reading in read(wording.text, schema)] == [True]


def test_roles_are_told_apart() -> None:
    """Of two relations between the same entities the role is said."""
    facts = (fact("f1", "patient.phone", "555-0142"),)
    for tie, words in (
        ("patient_family_doctor", "family doctor"),
        ("patient_referred_by", "referring doctor"),
    ):
        one = plan(
            facts,
            select("n1", "patient", "phone eq f1"),
            select("n2", "doctor", links=(Link(relation=tie, forward=False, node="n1"),)),
            Emit(id="n3", node="n2", field="name"),
        )
        for text in wordings(one, CLINIC):
            assert words in text
            assert [same(reading, one) for reading in read(text, CLINIC)] == [True]


def test_average_says_how_it_is_rounded() -> None:
    """An average comes with its decimals, two more than the field has, and with its unit."""
    one = plan(
        (),
        select("n1", "bill"),
        Aggregated(id="n2", of="n1", function="avg", field="amount"),
        Emit(id="n3", node="n2"),
        family="aggregate",
    )
    for text in wordings(one, CLINIC):
        assert "rounded to four decimals" in text
        assert "in euros" in text


def test_held_back_value_is_announced_but_not_told() -> None:
    """A fact of the user is not in the message; its reading has None in its place."""
    facts, row = customer()
    held = fact("f3", "customer.phone", "555-0142", "user")
    settings_ = (Setting(field="phone", fact="f3"),)
    one = plan(
        (*facts, held),
        row,
        Write(id="n2", kind="update", entity="customer", target="n1", settings=settings_),
        family="update",
    )
    for text in wordings(one, MUSIC):
        assert "555" not in text
        (reading,) = read(text, MUSIC)
        assert reading == tellable(one)
        assert [f.value for f in reading.facts if f.exposure == "user"] == [None]
    assert question(held, MUSIC, plan=one) == "the new phone number of the customer"
    assert question(held, MUSIC) == "the new phone number of the customer"


def test_status_is_a_transition() -> None:
    """A change of the status alone is read as a step of its life cycle."""
    one = plan(
        (fact("f1", "appointment.code", "A-1042"), fact("f2", "appointment.status", "COMPLETED")),
        select("n1", "appointment", "code eq f1"),
        Write(
            id="n2",
            kind="transition",
            entity="appointment",
            target="n1",
            settings=(Setting(field="status", fact="f2"),),
        ),
        family="update",
    )
    texts_ = wordings(one, CLINIC)
    assert any(re.search(r"ark (the )?appointment A-1042 as completed", t) for t in texts_)
    assert all(read(text, CLINIC) == [tellable(one)] for text in texts_)


def test_row_is_not_described_twice() -> None:
    """A second sentence about the same row points back to it."""
    facts, row = customer()
    city = fact("f3", "customer.city", "Paris")
    one = plan(
        (*facts, city),
        row,
        Emit(id="n2", node="n1", field="email"),
        Write(
            id="n3",
            kind="update",
            entity="customer",
            target="n1",
            settings=(Setting(field="city", fact="f3"),),
        ),
        family="update",
    )
    pattern = re.compile(r"\b(that|the same) customer\b")
    assert sum(bool(pattern.search(text)) for text in wordings(one, MUSIC)) >= 30


def test_reference_is_written_as_the_row_it_refers_to() -> None:
    """A setting that takes the key of a row is said as the role and the row."""
    facts, row = customer()
    boss = (
        fact("f3", "employee.first_name", "Jane"),
        fact("f4", "employee.last_name", "Peacock"),
    )
    one = plan(
        (*facts, *boss),
        row,
        select("n2", "employee", "first_name eq f3", "last_name eq f4"),
        Write(
            id="n3",
            kind="update",
            entity="customer",
            target="n1",
            settings=(Setting(field="support_rep_id", node="n2", source="id"),),
        ),
        family="update",
    )
    for text in wordings(one, MUSIC):
        assert "support representative" in text
        assert "employee Jane Peacock" in text
        assert read(text, MUSIC) == [tellable(one)]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("customer.id", 7),
        ("customer.support_rep_id", 3),
        ("customer.city", "two\nlines"),
        ("customer.city", 'both " and “'),
        ("customer.city", ""),
        ("customer.city", " edge"),
        ("customer.city", "x" * 500),
        ("customer.city", None),
    ],
)
def test_what_cannot_be_said_is_not(path: str, value: Json) -> None:
    """Keys, references and values that no line can hold give None."""
    one = plan(
        (fact("f1", path, value),),
        select("n1", "customer", f"{path.split('.')[1]} eq f1"),
        Emit(id="n2", node="n1", field="email"),
    )
    assert say(one, MUSIC, seed=0) is None


def test_unspoken_labels_are_not_said() -> None:
    """A field or entity without words gives None, and its label is found by the lint."""
    silent = [
        msgspec.structs.replace(f, spoken=False, label="eml adr") if f.name == "email" else f
        for f in MUSIC.entity("customer").fields
    ]
    entities = tuple(
        msgspec.structs.replace(e, fields=tuple(silent)) if e.name == "customer" else e
        for e in MUSIC.entities
    )
    schema = msgspec.structs.replace(MUSIC, entities=entities)
    facts, row = customer()
    assert say(plan(facts, row, Emit(id="n2", node="n1", field="email")), schema, seed=1) is None
    assert identifiers_in("What is the eml adr of the customer?", schema) == ["eml adr"]
    hidden = tuple(msgspec.structs.replace(e, spoken=e.name != "customer") for e in MUSIC.entities)
    schema = msgspec.structs.replace(MUSIC, entities=hidden)
    assert say(plan(facts, row, Emit(id="n2", node="n1", field="city")), schema, seed=1) is None


def test_doubled_label_gives_two_readings() -> None:
    """Two fields of one label cannot be told apart, and the reader says so."""
    fields = tuple(
        msgspec.structs.replace(f, label="name") if f.name == "composer" else f
        for f in MUSIC.entity("track").fields
    )
    entities = tuple(
        msgspec.structs.replace(e, fields=fields) if e.name == "track" else e
        for e in MUSIC.entities
    )
    schema = msgspec.structs.replace(MUSIC, entities=entities)
    assert len(read("What is the name of the track that is marked as explicit?", schema)) == 2


def test_nested_description_belongs_to_either() -> None:
    """A modifier that fits two nouns gives a reading for each; other ways to put it give one."""
    line = 'the invoice line of the track "X"'
    loose = f"What is the unit price of {line} with the highest unit price?"
    tight = f"What is the unit price of whichever {line[4:]} has the highest unit price?"
    before = 'What is the unit price of the most expensive invoice line of the track "X"?'
    first = 'Take the track "X". What is the unit price of its most expensive invoice line?'
    texts_ = (loose, tight, before, first)
    assert [len(read(text, MUSIC)) for text in texts_] == [2, 1, 1, 1]
    assert same(read(tight, MUSIC)[0], read(before, MUSIC)[0])
    assert same(read(tight, MUSIC)[0], read(first, MUSIC)[0])


def test_numbers_and_times_come_back_exactly() -> None:
    """Decimals, signs, units, seconds and midnight survive the way through words."""
    for path, value in (
        ("track.unit_price", Decimal("0.99")),
        ("track.unit_price", Decimal(-5)),
        ("track.unit_price", 12.5),
        ("track.milliseconds", 342562),
        ("invoice.invoice_date", "2021-03-05T14:05:09Z"),
        ("invoice.invoice_date", "2021-03-05T00:00:00Z"),
    ):
        entity, field = path.split(".")
        for op in ("eq", "lt", "le", "gt", "ge"):
            one = plan(
                (fact("f1", path, value),),
                select("n1", entity, f"{field} {op} f1"),
                Aggregated(id="n2", of="n1", function="count"),
                Emit(id="n3", node="n2"),
                family="aggregate",
            )
            for text in wordings(one, MUSIC, n_seeds=8):
                assert read(text, MUSIC) == [tellable(one)], text


def test_lint_finds_code() -> None:
    """Snake case, camel case and source names are found; data in quotes is not."""
    assert identifiers_in("Set the unit_price of the InvoiceLine", MUSIC) == [
        "unit_price",
        "InvoiceLine",
    ]
    assert identifiers_in("Show TrackId 5 of the track", MUSIC) == ["TrackId"]
    assert identifiers_in('Find the track "my_file_name" please, McX aside', MUSIC) == ["McX"]


def test_what_nobody_can_say_may_only_link_all_the_same() -> None:
    """An entity without words of its own is asked about like any other."""
    key = Field(name="id", label="ID", type="integer", role="key")
    silent = Entity(
        name="xqzt", label="xqzt", plural="xqzt", spoken=False, kind="link",
        key=("id",), fields=(key,),
    )  # fmt: skip
    plain = msgspec.structs.replace(silent, name="qqx", kind="record")
    lexicon = Lexicon(Schema(entities=(silent, plain)))

    assert lexicon.only_links("xqzt")
    assert not lexicon.only_links("qqx")
