"""Names: identifiers that tools can bear, and labels that people would say."""

import json
import keyword
import os
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentgym.schema.names import Reference, christen, relation_words
from agentgym.schema.names.lexicon import is_pronounceable, is_word, plural, singular, written
from agentgym.schema.names.split import Segmenter, tokens

RESERVED = {
    "element_id",
    "xpath",
    "bid",
    "model_config",
    "kind",
    "summary",
    "security_risk",
}
TABLES = st.dictionaries(
    st.text(min_size=1, max_size=24),
    st.lists(st.text(min_size=0, max_size=24), max_size=6, unique=True),
    max_size=6,
)
PARTS = st.sampled_from(
    "order tbl cust qty id no addr №  Kunde 名前 2nd class kind naïve sb at created URL fk".split()
)
LIKELY = st.dictionaries(
    st.lists(PARTS, min_size=1, max_size=4).map("_".join),
    st.lists(st.lists(PARTS, min_size=1, max_size=4).map("_".join), max_size=6, unique=True),
    max_size=8,
)


def label(column: str, table: str = "thing", *others: str, target: str | None = None) -> str:
    tables = {table: [column, *others], **({target: ["id"]} if target else {})}
    found = christen(tables, targets={(table, column): target} if target else None)
    return found.fields[table, column].label


@pytest.mark.parametrize(
    ("column", "table", "expected"),
    [
        ("AlbumId", "Album", "album ID"),
        ("UnitPrice", "InvoiceLine", "unit price"),
        ("unitprice", "product", "unit price"),
        ("SupportRepId", "Customer", "support representative ID"),
        ("CategoryName", "Category", "name"),
        ("customer_name", "customers", "name"),
        ("dob", "patient", "date of birth"),
        ("cust_addr", "invoice", "customer address"),
        ("created_at", "order", "creation time"),
        ("shipped_at", "order", "shipping time"),
        ("is_active", "user", "active"),
        ("num_copies", "book", "number of copies"),
        ("num_of_staff", "shop", "number of staff"),
        ("no_of_customers", "bank", "number of customers"),
        ("card_no", "payment", "card number"),
        ("weight_kg", "parcel", "weight in kilograms"),
        ("timeout_seconds", "job", "timeout in seconds"),
        ("stuid", "student", "student ID"),
        ("aid", "author", "author ID"),
        ("id", "invoice_line", "invoice line ID"),
        ("image_url", "product", "image URL"),
        ("PONumber", "invoice", "PO number"),
        ("address2", "store", "address 2"),
        ("built_year", "house", "construction year"),
        ("year_built", "house", "construction year"),
        ("prescribed_date", "prescription", "prescription date"),
        ("date_claim_settled", "claim", "claim settlement date"),
        ("market_value_billion", "company", "market value in billions"),
        ("written_by", "episode", "writer"),
        ("last_sign_in_at", "user", "last sign-in time"),
        ("enddate", "job", "end date"),
        ("date_from", "stay", "start date"),
        ("staff_name", "staff", "name"),
        ("lieferant", "order", "lieferant"),
        ("país", "supplier", "país"),
        ("κωδικός", "Κατηγορία", "κωδικός"),
        ("№", "line", "number"),
    ],
)
def test_a_field_is_called_as_people_call_it(column: str, table: str, expected: str) -> None:
    """Short forms, glued words and naming schemes turn into English; other tongues are kept."""
    assert label(column, table, "first_name", "city") == expected


@pytest.mark.parametrize(
    ("table", "name", "said", "several"),
    [
        ("InvoiceLine", "invoice_line", "invoice line", "invoice lines"),
        ("salesorderheader", "sales_order_header", "sales order header", "sales order headers"),
        ("isotopedecaymodes", "isotope_decay_mode", "isotope decay mode", "isotope decay modes"),
        ("tbl_customers", "customer", "customer", "customers"),
        ("people", "person", "person", "people"),
        ("series", "series", "series", "series"),
        ("order_status", "order_status", "order status", "order statuses"),
        ("addresses", "address", "address", "addresses"),
        ("news", "news", "news", "news"),
        ("ionic_radii", "ionic_radius", "ionic radius", "ionic radii"),
        ("staff", "staff_member", "staff member", "staff members"),
        ("enrolls", "enrollment", "enrollment", "enrollments"),
        ("sensor_data", "sensor_data", "sensor data", "sensor data"),
        ("sales", "sale", "sale", "sales"),
        ("order_order", "order", "order", "orders"),
        ("class_of_service", "class_of_service", "class of service", "classes of service"),
        ("payments_received", "payment_received", "payment received", "payments received"),
        ("project_has_users", "project_user", "project user", "project users"),
        ("MediaTypes", "media_type", "media type", "media types"),
        ("class", "class_record", "class", "classes"),
        ("仕入先", "shi_ru_xian", "仕入先", "仕入先"),
        ("2020 results", "result_2020", "2020 result", "2020 results"),
    ],
)
def test_an_entity_is_singular(table: str, name: str, said: str, several: str) -> None:
    """A table is named after one of its rows, and knows its plural."""
    found = christen({table: ["id"]}).entities[table]
    assert (found.name, found.label, found.plural) == (name, said, several)


def test_the_prefix_of_the_scheme_is_dropped() -> None:
    """What opens the name of every table says nothing, in tables and in columns."""
    found = christen(
        {
            "sbCustomer": ["sbCustId", "sbCustName", "sbCustEmail"],
            "sbTicker": ["sbTickerId", "sbTickerSymbol"],
            "sbDailyPrice": ["sbDpTickerId", "sbDpDate", "sbDpOpen"],
        }
    )
    assert [name.label for name in found.entities.values()] == ["customer", "ticker", "daily price"]
    assert found.fields["sbCustomer", "sbCustEmail"].label == "email"
    assert found.fields["sbDailyPrice", "sbDpTickerId"].label == "ticker ID"
    assert found.fields["sbCustomer", "sbCustId"].name == "customer_id"


def test_tables_that_come_out_alike_keep_more_of_their_names() -> None:
    """Where dropping a prefix or a qualifier would make two tables one, neither drops it."""
    found = christen(
        {"basket_line": [], "order_line": [], "events.roles": [], "categories.roles": []}
    )
    assert [name.label for name in found.entities.values()] == [
        "basket line",
        "order line",
        "event role",
        "category role",
    ]


def test_the_schema_itself_explains_short_forms() -> None:
    """A short form stands for the word of the table referred to, or of one that starts so."""
    assert label("mnf_id", "product", target="manufacturer") == "manufacturer ID"
    found = christen({"warehouse": ["id"], "ware_bin": ["wareh_pos"]})
    assert found.fields["ware_bin", "wareh_pos"].label.startswith("warehouse")


def test_what_nobody_could_say_is_not_spoken() -> None:
    """A label with a part that is no word is marked; acronyms and foreign words are not."""
    fields = christen({"thing": ["sbTxKpx", "xq_type", "vlan", "lieferant", "url"]}).fields
    spoken = [name.label for name in fields.values() if name.spoken]
    assert spoken == ["VLAN", "lieferant", "URL"]


def test_labels_of_one_entity_differ() -> None:
    """A label keeps the word that it would have dropped when another field needs it."""
    found = christen({"customer": ["name", "customer_name", "created", "created_at"]}).fields
    labels = [name.label for name in found.values()]
    assert len(set(labels)) == 4
    assert "customer name" in labels


@given(TABLES | LIKELY)
@settings(max_examples=150, deadline=None)
def test_identifiers_are_legal_and_everything_is_distinct(tables: dict[str, list[str]]) -> None:
    """Whatever a schema calls its tables, tools can bear the names and people tell them apart."""
    found = christen(tables)
    assert list(found.entities) == list(tables)
    names = [name.name for name in found.entities.values()]
    said = [name.label.lower() for name in found.entities.values()]
    assert len(set(names)) == len(names)
    assert len(set(said)) == len(said)
    for table, columns in tables.items():
        fields = [found.fields[table, column] for column in columns]
        assert len({f.name for f in fields}) == len(fields)
        assert len({f.label.lower() for f in fields}) == len(fields)
        for name in (found.entities[table], *fields):
            assert re.fullmatch(r"[a-z][a-z0-9_]*", name.name), name
            assert not keyword.iskeyword(name.name)
            assert name.name not in RESERVED
            assert name.label == name.label.strip() != ""
            assert "_" not in name.label
            assert not re.search(r"[a-z][A-Z][a-z]", name.label.replace("GitHub", ""))
            assert name.plural


@given(LIKELY)
@settings(max_examples=60, deadline=None)
def test_the_order_of_other_tables_changes_little(tables: dict[str, list[str]]) -> None:
    """The same schema gives the same names, and identifiers do not hang on dict order alone."""
    assert christen(tables) == christen(dict(tables))
    turned = christen(dict(reversed(tables.items())))
    assert set(turned.entities) == set(tables)


@given(st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_tokens_lose_no_letter(name: str) -> None:
    """Cutting a name drops marks only."""
    joined = "".join(tokens(name))
    assert not re.search(r"[\s_]", joined)
    if name.isascii():
        assert joined == re.sub(r"[^a-z0-9]", "", name.lower().replace("'", "")) or "'" in name


@pytest.mark.parametrize("word", ["invoice", "lieferant", "kunden", "discharge", "xkcd", "data"])
def test_a_word_is_not_cut(word: str) -> None:
    """Neither English words nor foreign ones fall to pieces."""
    assert Segmenter().cut(word) == (word,)


@given(
    st.lists(
        st.sampled_from(["invoice", "price", "customer", "status", "order"]), min_size=2, max_size=3
    )
)
def test_glued_words_are_cut(words: list[str]) -> None:
    """Common words that are glued together are found again."""
    assert Segmenter().cut("".join(words)) == tuple(words)


@given(st.sampled_from("invoice category address status box person child city wolf bus".split()))
def test_plural_and_singular_are_inverse(word: str) -> None:
    """A noun in the plural has its singular back."""
    assert singular(plural(word)) == word


def test_acronyms_are_written_in_capitals() -> None:
    """Letters that people say one by one are capitals, also in the plural."""
    assert [written(w) for w in ("url", "ids", "ipv4", "bus")] == ["URL", "IDs", "IPv4", None]
    assert is_word("subcategory")
    assert is_pronounceable("lieferant")
    assert not is_pronounceable("xkcdq")


def relations(
    tables: dict[str, list[str]], *references: tuple[str, str, str]
) -> list[tuple[str, str, str]]:
    found = christen(tables, targets={(c, column): t for c, column, t in references})
    asked = [Reference(child=c, columns=(column,), target=t) for c, column, t in references]
    return [(r.name, r.label, r.inverse) for r in relation_words(found, asked)]


def test_relations_say_what_one_is_to_the_other() -> None:
    """The words of a column give the role; the children are named from the other side."""
    tables = {
        "Employee": ["EmployeeId", "ReportsTo"],
        "Customer": ["CustomerId", "SupportRepId"],
        "Invoice": ["InvoiceId", "CustomerId"],
    }
    assert relations(
        tables,
        ("Employee", "ReportsTo", "Employee"),
        ("Customer", "SupportRepId", "Employee"),
        ("Invoice", "CustomerId", "Customer"),
    ) == [
        ("employee_manager", "manager", "direct reports"),
        ("customer_support_representative", "support representative", "customers"),
        ("invoice_customer", "customer", "invoices"),
    ]


def test_two_relations_between_the_same_entities_are_told_apart() -> None:
    """Roles that are no nouns get the target's name, and inverses say as what."""
    tables = {"orders": ["billing_address_id", "shipping_address_id"], "addresses": ["id"]}
    assert [
        (label, inverse)
        for _, label, inverse in relations(
            tables,
            ("orders", "billing_address_id", "addresses"),
            ("orders", "shipping_address_id", "addresses"),
        )
    ] == [
        ("billing address", "orders as billing address"),
        ("shipping address", "orders as shipping address"),
    ]


@given(LIKELY, st.data())
@settings(max_examples=60, deadline=None)
def test_relation_names_are_distinct(tables: dict[str, list[str]], data: st.DataObject) -> None:
    """Names are unique in the schema, labels for each child, inverses for each target."""
    pairs = [(table, column) for table, columns in tables.items() for column in columns]
    if not pairs:
        return
    chosen = data.draw(st.lists(st.sampled_from(pairs), unique=True, max_size=6))
    targets = {pair: data.draw(st.sampled_from(sorted(tables))) for pair in chosen}
    found = christen(tables, targets=targets)
    asked = [Reference(child=t, columns=(c,), target=targets[t, c]) for t, c in chosen]
    named = relation_words(found, asked)
    assert len({r.name for r in named}) == len(named)
    assert all(r.name.isidentifier() and r.name.isascii() for r in named)
    pairs_of = list(zip(asked, named, strict=True))
    assert len({(a.child, r.label) for a, r in pairs_of}) == len(named)
    assert len({(a.target, r.inverse) for a, r in pairs_of}) == len(named)


def real_schemas() -> list[tuple[str, dict[str, list[str]]]]:
    found = []
    folder = os.environ.get("AGENTGYM_DATA")
    for path in sorted(Path(folder).rglob("*_tables.json")) if folder else []:
        for one in json.loads(path.read_text()):
            tables: dict[str, list[str]] = {name: [] for name in one["table_names_original"]}
            for place, column in one["column_names_original"]:
                columns = tables[one["table_names_original"][place]]
                if place >= 0 and column not in columns:
                    columns.append(column)
            found.append((one["db_id"], tables))
    shop = {"tbl_Kunden": ["kndNr", "Name"], "Orders": ["OrderNo", "CustFK", "orderDate"]}
    return [("shop", shop), *found]


def test_nearly_all_of_real_schemas_can_be_spoken() -> None:
    """Of the fields of schemas made by people, at least 95 in 100 have a label of words."""
    fields = [name for _, tables in real_schemas() for name in christen(tables).fields.values()]
    assert sum(name.spoken for name in fields) >= 0.8 * len(fields)
    assert sum(name.spoken for name in fields) >= 0.95 * len(fields) or len(fields) < 100
