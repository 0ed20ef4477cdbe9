"""How people say values, and what looks like it and is not: tables of both."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from goals.slots import NAMES, SCHEMA, reads, why

from agentgym.goals.answers import flaw
from agentgym.goals.goal import Answer, Bound

PRICE = Decimal("1234.50")
HOURS = "an hour and a half"

SAID: list[tuple[str | None, Any, list[Any]]] = [
    (
        "price",
        PRICE,
        "€ 1,234.50|1.234,50 EUR|1 234,50 €|1'234.50|1234.5|EUR 1,234.50|It is €1,234.50.|€1.234,50"
        "|1,234.50 euros|123450 cents|The total is 1234.50 EUR (123450 cents)|1\u202f234,50"
        "|1234,50 €".split("|"),
    ),
    (
        "count",
        5,
        [
            *"5|five|Five.|The total is 5|The total is 5.|5 items|It has five of them|5 in total"
            "|there are 5, as of 2021-03-03|the right one is 5|  5 |**5**|+5|5%|5,0|5.00"
            "|At 14:05 there were 5|What about it? 5".split("|"),
            5,
            5.0,
            Decimal("5.00"),
            [5],
            {"count": 5},
            ["5"],
        ],
    ),
    ("count", 1, ["one", "Just one.", "There is one", "1"]),
    ("count", -3, ["-3", "−3", "minus three", "It is -3."]),
    ("count", 21, ["twenty-one", "twenty one"]),
    ("count", 105, ["one hundred and five", "one hundred five"]),
    ("count", 2000, ["2 thousand", "two thousand", "2,000", "2'000"]),
    ("count", 1200000, ["1.2 million", "1,200,000", "1.200.000", "12,00,000"]),
    ("count", 0, ["zero", "0"]),
    (
        "duration",
        90,
        "90|90 min|90 minutes|1.5 h|1h 30min|1 hour and 30 minutes|1.5 hours|5400 s"
        "|90 minutes (1.5 hours)|1 h, 30 min".split("|"),
    ),
    ("length", Decimal("1.500"), "1.5 km|1500 m|1,500 m|150000 cm|1.500 km|1.5".split("|")),
    ("weight", 2.5, "2.5 kg|2500 g|2.5|2.50 kilograms|2.5 kilos".split("|")),
    ("cents", 1250, ["1250", "12.50 EUR", "$12.50", "1250 cents"]),
    ("warmth", Decimal("20.0"), ["20 °C", "68 °F", "20 degrees Celsius", "293.15 K", "20"]),
    ("share", Decimal("12.5"), ["12.5%", "12.5 percent", "12.5", "12,5 %"]),
    ("memory", 512, ["512 MB", "512 megabytes", "512"]),
    ("height", Decimal("5.25"), ["5 ft 3 in", "63 inches", "5.25 feet"]),
    (
        "day",
        "2021-03-03",
        "2021-03-03|March 3, 2021|3 March 2021|03/03/2021|3rd of March, 2021|the 3rd of March 2021"
        "|Mar 3 2021|Wednesday, March 3rd, 2021|2021/03/03|03.03.2021|It is due on 2021-03-03."
        "|2021-03-03T00:00:00Z|3-Mar-2021|MARCH 3, 2021|due by March 3, 2021".split("|"),
    ),
    ("day", "2021-03-13", ["13/03/2021", "3/13/2021", "13.3.2021"]),
    ("day", "2021-05-03", ["May 3, 2021", "3 May 2021"]),
    (
        "time",
        "2021-03-03T14:05:00Z",
        "2021-03-03T14:05:00Z|2021-03-03 14:05|2021-03-03 16:05+02:00|March 3, 2021 at 2:05 PM"
        "|March 3, 2021 at 14:05 UTC|14:05 on 3 March 2021|2021-03-03T09:05:00-05:00"
        "|2021-03-03 14:05:00|14:05 UTC on March 3, 2021|March 3, 2021, 2:05 p.m."
        "|2021-03-03 at 16:05 UTC+2|2021-03-03T14:05:00.000Z".split("|"),
    ),
    ("time", "2022-01-01T10:20:30Z", ["2022-01-01 10:20:30", "January 1, 2022 at 10:20:30 AM"]),
    ("active", True, ["Yes, it is.", "yes", "true", True, "Yes, no problem", "It's true."]),
    ("active", False, ["no", "No, it isn't.", "false", False, "not true"]),
    (
        "state",
        "in_progress",
        "in progress|in_progress|In Progress|In progress.|It is in progress|in-progress|InProgress"
        '|IN_PROGRESS|The status is "in progress".'.split("|"),
    ),
    ("state", "NoShow", ["no show", "no-show", "NoShow", "It was a no show."]),
    ("notes", {"a": [1, 2]}, [{"a": [1, 2.0]}, '{"a": [1, 2]}']),
    ("name", "Blue Door", [" blue   door. ", "It is called Blue Door", ["Blue Door"]]),
    ("name", "Blue Door", [{"name": "Blue Door"}, "**Blue Door**", "`Blue Door`", "'Blue Door'"]),
    ("name", "Blue Door", ["Name: Blue Door", "The answer is “Blue Door”.", "Ms. Blue Door"]),
    ("name", "The Beatles", ["Beatles", "the beatles", "It is The Beatles."]),
    ("name", "Café Müller", ["cafe muller", "CAFÉ MÜLLER", "Cafe\u0301 Mu\u0308ller"]),
    ("name", "Smith & Sons", ["Smith and Sons", "smith & sons"]),
    ("name", "O'Brien", ["OBrien", "O’Brien", "It is O'Brien."]),
    ("name", "C++", ["C++", "It is C++."]),
    ("name", "C", ["C", "It is C."]),
    ("name", "A", ["A", "The grade is A."]),
    ("name", "Zoë", ["Zoe", "ZOË"]),
    ("name", "Jean-Luc", ["Jean Luc", "jean-luc"]),
    ("name", "York", ["York", "The city of York", "Item York", "York (UK)"]),
    ("name", "New York", ["New York", "new york!"]),
    ("name", "Rock", ["Genre: Rock"]),
    ("name", "555-0101", ["555-0101", "(555) 0101", "555 0101", "It is 555-0101."]),
    ("name", "Who's Afraid?", ["Who's Afraid?", "whos afraid"]),
    ("name", "AC/DC", ["AC/DC", "ac/dc"]),
    ("name", "Levi's", ["Levi's", "Levi’s"]),
    ("name", "No. 5", ["No. 5", "no 5"]),
    ("name", "Suite 3", ["Suite 3", "It is Suite 3."]),
]
NOT_SAID: list[tuple[str | None, Any, list[Any]]] = [
    (
        "price",
        PRICE,
        "$1,234.50|about 1234.50|1234.50 or 6|1234.50?|~1234.50|1,234.51|1234.50 USD|1234.50 kg"
        "|between 1234.50 and 1300|1234.50-1300|not 1234.50|at least 1234.50|1234.50, but maybe 6"
        "|-1234.50|€-1234.50|1234.50+|1234.50 or so|1234.50 and 7|1234.5 cents|1.234|one thousand"
        "|12345,0|1234.50 or more|1234.50–1300|between 1234.50 EUR and 2000 EUR".split("|"),
    ),
    (
        "count",
        5,
        [
            *"about 5|5 or 6|5, but maybe 6|five or six|4|5/6|5-6|more than 5|5 to 7"
            "|fewer than five|1,2,3,4,5|Order 18 has 5|twenty-five|5th|A5|5 thousand|maybe five"
            "|roughly 5|5ish|up to 5|15|0.5|5.5|5e3|isn't 5|3 or 5 probably|either 5|-5|5 or one"
            "|NaN|five million|2021-05-05|14:05|5,5|probably 5|5 I guess||five hundred|≥5|< 5"
            "|5?|5 (or 6)|minus five".split("|"),
            True,
            None,
            [5, 6],
            1e400,
            {"a": 5, "b": 6},
            {},
            [],
            [[5]],
        ],
    ),
    ("count", 1, ["the right one", "one of them", "True"]),
    ("duration", 90, [*"90 h|1.5|90 s|1 h or 30 min|90 kg|30 min and 1 h|1:30".split("|"), HOURS]),
    ("length", Decimal("1.500"), "1.5 m|1500|1500 km|1.5 mi|15e2".split("|")),
    ("weight", 2.5, ["2.5 g", "2.5 lb", "3", "2", "2.6"]),
    ("weight", 0.123456, ["0.12", "0.1", "0.124"]),
    ("cents", 1250, ["12.50", "1250 EUR", "12.50 JPY"]),
    ("warmth", Decimal("20.0"), ["20 °F", "20 K", "68"]),
    ("memory", 512, ["512 GB", "512 kB", "0.5 GB"]),
    (
        "day",
        "2021-03-03",
        "March 3|2021-03-04|2021-03-03 or 2021-03-04|before 2021-03-03|around March 3, 2021"
        "|March 3, 2021 or March 4|not 2021-03-03|March 2021|2021|March 3, 2021, maybe the 5th"
        "|2021-03-03 or 03/04/2021|3/3/21|2021-03-03?|31 February 2021||20210303".split("|"),
    ),
    ("day", "2021-03-04", ["03/04/2021", "04/03/2021", "3.4.2021"]),
    (
        "time",
        "2021-03-03T14:05:00Z",
        "2021-03-03T14:06:00Z|2021-03-03 14:05 CET|2021-03-03|2021-03-03 14:05 or 15:05"
        "|2021-03-03 2:05 AM|2021-03-03 14:05+02:00|14:05|2021-03-03 14:05:30|2021-03-03 25:05"
        "|2021-03-03 14:05 PM|2021-03-04 14:05".split("|"),
    ),
    # another row of the column is of the same minute
    ("time", "2022-01-01T10:20:30Z", ["2022-01-01 10:20", "2022-01-01 10:20:45"]),
    ("active", True, ["no", "not true", "yes or no", "maybe yes", False, 1, "1", "", "yes?"]),
    ("active", False, ["yes", "It is not false", "no or yes", 0, None]),
    (
        "state",
        "in_progress",
        "done|in progress or done|progress|not in progress|in progress, done|on hold".split("|"),
    ),
    ("notes", {"a": [1, 2]}, [{"a": [2, 1]}, "a", {"b": 1}]),
    ("name", "Blue Door", ["Blue Doors", "It is Blue Door or Red Door", 7, True, "", "Door"]),
    ("name", "Blue Door", ["Blue Door or something else", "not Blue Door", "maybe Blue Door"]),
    ("name", "Blue Door", ["either Blue Door", "Blue Door, Red Door", "Blue Door 2"]),
    ("name", "Blue Door", ["It isn't Blue Door", " ".join(NAMES), ", ".join(NAMES), list(NAMES)]),
    ("name", "Blue Door", ["BlueDoor 7", "anything but", "Blue Door?? or", "x" * 20_000]),
    ("name", "York", ["New York", "York New", "Old York"]),
    ("name", "New York", ["York", "New  Yorkers"]),
    ("name", "Rock", ["Rock Opera", "Hard Rock", "Rock And Roll", "Rock, Rock And Roll"]),
    ("name", "C", ["C++", "C#"]),
    ("name", "C++", ["C", "c"]),
    ("name", "A", ["It is a C", "a C"]),
    ("name", "Suite 3", ["Suite 31", "Suite 3 or Suite 31", "Suite"]),
    ("name", "555-0101", ["555-0102", "0101"]),
    ("name", "No. 5", ["5", "No. 55"]),
]


@pytest.mark.parametrize(("field", "value", "forms"), SAID)
def test_what_says_the_value(field: str, value: object, forms: list[Any]) -> None:
    """Each form is a way in which the value is said."""
    wrong = {repr(form): why(field, value, form) for form in forms if not reads(field, value, form)}

    assert wrong == {}


@pytest.mark.parametrize(("field", "value", "forms"), NOT_SAID)
def test_what_does_not(field: str, value: object, forms: list[Any]) -> None:
    """Each form is another value, several of them, or leaves it open."""
    assert [form for form in forms if reads(field, value, form)] == []


@pytest.mark.parametrize(
    ("field", "value", "given", "known", "good"),
    [
        ("count", 5, "Order 17 has 5", "how many has order 17?", True),
        ("count", 5, "5 or 17", "how many has order 17?", False),
        ("count", 5, "Order 18 has 5", "how many has order 17?", False),
        ("count", 17, "17, or as you say 18", "is it 17 or 18?", False),
        ("day", "2021-03-03", "From 2021-01-01 on: 2021-03-03", "after January 1, 2021", True),
        ("day", "2021-03-03", "2021-01-01 or 2021-03-03", "after January 1, 2021", False),
        ("name", "York", "Springfield or York", "who lives in springfield", False),
        ("name", "York", "York, or else Springfield", "who lives in springfield", False),
        ("name", "York", "York; or maybe Springfield", "who lives in springfield", False),
        ("name", "Blue Door", "Blue Door and Red Door", "is blue door or red door dearer", False),
        ("name", "Blue Door", "Blue Door is dearer than Red Door", "blue door or red door", True),
        ("name", "Blue Door", "Blue Door, not Red Door", "blue door or red door", True),
        ("name", "Blue Door", "Red Door", "blue door or red door", False),
    ],
)
def test_what_the_instruction_says_is_no_hedge(
    field: str, value: object, given: str, known: str, good: bool
) -> None:
    """Numbers, dates and names of the question may come back in the answer, but not as an `or`."""
    assert reads(field, value, given, known) is good


MEMBERS = ("Blue Door", "Rock", "Smith & Sons")


@pytest.mark.parametrize(
    ("field", "values", "given", "good"),
    [
        ("name", MEMBERS, list(MEMBERS), True),
        ("name", MEMBERS, list(MEMBERS)[::-1], True),
        ("name", MEMBERS, "Blue Door, Rock and Smith & Sons", True),
        ("name", MEMBERS, "Blue Door; Rock; Smith & Sons", True),
        ("name", MEMBERS, "- Blue Door\n- Rock\n- Smith & Sons", True),
        ("name", MEMBERS, "1. Blue Door\n2. Rock\n3. Smith and Sons", True),
        ("name", MEMBERS, ["Blue Door", "rock", "Smith and Sons", "Rock"], True),
        ("name", MEMBERS, '["Blue Door","Rock","Smith & Sons"]', True),
        ("name", MEMBERS, [{"name": name} for name in MEMBERS], True),
        ("name", MEMBERS, "The items are: Blue Door, Rock, and Smith & Sons.", True),
        ("name", MEMBERS, {"names": list(MEMBERS)}, True),
        ("name", MEMBERS, list(MEMBERS)[:2], False),
        ("name", MEMBERS, [*MEMBERS, "York"], False),
        ("name", MEMBERS, [*MEMBERS, "Green Door"], False),
        ("name", MEMBERS, "Blue Door, Rock", False),
        ("name", MEMBERS, list(NAMES), False),
        ("name", MEMBERS, ", ".join(NAMES), False),
        ("name", MEMBERS, "Blue Door, Rock, Smith & Sons, Foo", False),
        ("name", MEMBERS, "Blue Door, Rock and maybe Smith & Sons", False),
        ("name", MEMBERS, "Blue Door or Rock, Smith & Sons", False),
        ("name", MEMBERS, "York: Blue Door, Rock, Smith & Sons", False),
        ("name", MEMBERS, [list(MEMBERS)], False),
        ("name", MEMBERS, None, False),
        ("name", MEMBERS, [None], False),
        ("name", MEMBERS, "", False),
        ("name", ("Rock",), "Rock, Green Foo", False),
        ("name", ("Rock",), "Rock", True),
        ("name", ("AC/DC", "Rock"), "AC/DC and Rock", True),
        ("name", ("Smith & Sons",), "Smith & Sons", True),
        ("day", ("2021-03-03", "2021-04-05"), "March 3, 2021 and April 5, 2021", True),
        ("day", ("2021-03-03", "2021-04-05"), "March 3, 2021, April 5, 2021", True),
        ("day", ("2021-03-03", "2021-04-05"), "March 3, 2021", False),
        ("count", (1, 2, 1234), "1, 2, 1,234", True),
        ("count", (20, 40, 45), "20,40,45", True),
        ("count", (20, 40, 45), "20, 40", False),
        ("count", (20, 40), "20, 40 and 45", False),
        ("count", (1, 2), [1, 2, 2], True),
        ("state", ("done", "on_hold"), ["on hold", "Done"], True),
        ("name", (), [], True),
        ("name", (), "none", True),
        ("name", (), ["York"], False),
    ],
)
def test_sets(field: str, values: tuple[Any, ...], given: object, good: bool) -> None:
    """All members and no others, in any order; one that is given twice is harmless."""
    assert reads(field, values, given, many=True) is good


ROUTES = ("North", "South", "East", "West")
BOUNDS = (
    Bound(kind="total", field="price", weights=(10, 20, 30, 40), value=60),
    Bound(kind="distinct", field="region", weights=("a", "a", "b", None)),
)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["North", "East"], []),
        ("South and East", []),
        (["North", "East", "North"], []),
        (["North"], ["expected 2 different values, found 1"]),
        (["North", "East", "West"], ["expected 2 different", "total price of at most 60"]),
        (["North", "South"], ["expected each region once, found 'a' twice"]),
        (["East", "West"], ["expected a total price of at most 60, found 70"]),
        (["North", "Up"], ["'Up' is none of the values"]),
        (list(ROUTES), ["expected 2 different", "total price", "each region once"]),
    ],
)
def test_choices(given: object, told: list[str]) -> None:
    """Any members that keep every bound; each bound that is broken is named."""
    reason = why("name", ROUTES, given, count=2, bounds=BOUNDS)

    assert (reason is None) is (told == [])
    assert all(one in str(reason) for one in told), reason


def test_slots_that_cannot_be_judged() -> None:
    """Two values that read the same, a wrong number of weights, no value: found before use."""

    def slot(*values: Any, **more: Any) -> Answer:
        return Answer(entity="item", field="name", values=values, **more)

    good = slot("a", "b", "c", count=2, bounds=())
    assert flaw(good, SCHEMA) is None
    assert flaw(slot("a", "A", "c", count=2), SCHEMA)
    assert flaw(slot("Zoë", "Zoe", "c", count=2), SCHEMA)
    assert flaw(slot("a", "b", count=3), SCHEMA)
    assert flaw(slot("a", "b", count=1, bounds=BOUNDS), SCHEMA)
    assert flaw(slot("a", "b"), SCHEMA)
    assert flaw(slot(), SCHEMA)
    assert flaw(slot(many=True), SCHEMA) is None
    assert flaw(slot("a", aliases=((), ())), SCHEMA)
    twice = (Decimal("1.0"), 1)
    assert flaw(Answer(entity="item", field="price", values=twice, count=1), SCHEMA)
    assert not reads("name", ("a", "A", "c"), ["a", "c"], count=2)


def test_other_names() -> None:
    """A thing is named by its other names too, unless such a name is another value's."""
    assert reads("name", "Blue Door", "BD-7", aliases=(("BD-7",),))
    assert reads("name", "Blue Door", "It is BD-7.", aliases=(("BD-7",),))
    assert not reads("name", "Blue Door", "BD-8", aliases=(("BD-7",),))
    assert not reads("name", "Blue Door", "Red Door", aliases=(("Red Door",),))


@pytest.mark.parametrize(
    ("function", "value", "given", "good"),
    [
        ("share", Decimal("33.33"), "33.33%", True),
        ("share", Decimal("33.33"), "33.33 percent", True),
        ("share", Decimal("33.33"), "0.3333", False),
        ("days", 14, "2 weeks", True),
        ("days", 14, "14 days", True),
        ("days", 14, "14 hours", False),
        ("count", 14, "14 days", True),
        ("product", 14, "14 EUR", True),
        ("avg", Decimal("4.3333"), "4.33", True),
        ("avg", Decimal("4.3333"), "4.3", False),
        ("avg", Decimal("4.3333"), "about 4.33", False),
    ],
)
def test_computed_numbers(function: str, value: object, given: str, good: bool) -> None:
    """A computed number has its own unit, or none."""
    assert reads(None, value, given, function=function) is good


def test_a_unit_of_its_own() -> None:
    """A slot may say which unit its number has."""
    assert reads(None, 90, "1.5 h", function="product", unit="min")
    assert not reads(None, 90, "90 EUR", function="product", unit="min")
