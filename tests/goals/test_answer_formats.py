"""Any usual way to write the right value is right; any way to write another one is wrong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from goals.slots import SCHEMA, reads
from hypothesis import assume, given
from hypothesis import strategies as st

from agentgym.goals.answers import Column, check, normal
from agentgym.goals.answers.texts import tokens
from agentgym.goals.goal import Answer

Format = Callable[[Any], Any]

MONTHS = "January February March April May June July August September October November".split()
MONTHS.append("December")
_SAYS: tuple[Format, ...] = (
    str,
    lambda text: f"  {text} ",
    lambda text: f"The answer is {text}.",
    lambda text: f"**{text}**",
    lambda text: f"It is {text}, as the records show.",
    lambda text: [text],
    lambda text: {"answer": text},
)


def _european(value: Decimal) -> str:
    return f"{value:,.2f}".replace(",", " ").replace(".", ",").replace(" ", ".")


PRICES: tuple[Format, ...] = (
    str,
    lambda v: f"{v:,}",
    lambda v: f"€{v:,.2f}" if v >= 0 else f"-€{-v:,.2f}",
    lambda v: f"{v:.2f} EUR",
    lambda v: f"EUR {v:.2f}",
    lambda v: f"{_european(v)} €",
    lambda v: f"{v:,.2f} euros",
    lambda v: f"{int(v * 100)} cents",
    lambda v: f"{v:,}".replace(",", "'"),
    lambda v: f"{v:,}".replace(",", "\u202f"),
)
prices = st.integers(-(10**7), 10**7).map(lambda cents: Decimal(cents).scaleb(-2))


@given(prices, prices, st.sampled_from(PRICES), st.sampled_from(_SAYS))
def test_prices(value: Decimal, other: Decimal, form: Format, says: Format) -> None:
    """A price is right with any sign, code, grouping and in cents; another price never is."""
    assert reads("price", value, says(form(value)))
    assert reads("price", other, says(form(value))) == (other == value)


@given(
    prices, prices, st.sampled_from(PRICES), st.sampled_from([" or ", " to ", " / ", ", maybe "])
)
def test_two_prices(value: Decimal, other: Decimal, form: Format, mark: str) -> None:
    """Two prices are none."""
    assume(value != other)

    assert not reads("price", value, form(value) + mark + form(other))
    assert not reads("price", value, form(other) + mark + form(value))


DURATIONS: tuple[Format, ...] = (
    str,
    lambda m: f"{m} min",
    lambda m: f"{m * 60} seconds",
    lambda m: f"{m // 60} h {m % 60} min" if m >= 60 and m % 60 else f"{m} minutes",
    lambda m: f"{m // 60} hours and {m % 60} minutes" if m >= 60 and m % 60 else f"{m}min",
    lambda m: f"{Decimal(m) / 60} h" if m % 15 == 0 else f"{m:,} minutes",
)
durations = st.integers(0, 5000)


@given(durations, durations, st.sampled_from(DURATIONS), st.sampled_from(_SAYS))
def test_durations(value: int, other: int, form: Format, says: Format) -> None:
    """A duration is right in any unit that it converts into exactly."""
    assert reads("duration", value, says(form(value)))
    assert reads("duration", other, says(form(value))) == (other == value)


DAYS: tuple[Format, ...] = (
    str,
    lambda d: f"{MONTHS[d.month - 1]} {d.day}, {d.year}",
    lambda d: f"{d.day} {MONTHS[d.month - 1]} {d.year}",
    lambda d: f"{d.day}. {MONTHS[d.month - 1][:3]} {d.year}".replace(".", ""),
    lambda d: f"the {d.day}th of {MONTHS[d.month - 1]}, {d.year}",
    lambda d: f"{d.year}/{d.month:02}/{d.day:02}",
    lambda d: f"{d.day:02}/{d.month:02}/{d.year}" if d.day > 12 else str(d),
    lambda d: f"{d.month}/{d.day}/{d.year}" if d.day > 12 else str(d),
    lambda d: f"{MONTHS[d.month - 1][:3]}. {d.day} {d.year}",
)
days = st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1))
near = st.tuples(days, st.integers(-40, 40)).map(lambda p: (p[0], p[0] + dt.timedelta(days=p[1])))


@given(near, st.sampled_from(DAYS), st.sampled_from(_SAYS))
def test_days(pair: tuple[dt.date, dt.date], form: Format, says: Format) -> None:
    """A date is right in any order that has one reading."""
    value, other = pair

    assert reads("day", str(value), says(form(value)))
    assert reads("day", str(other), says(form(value))) == (other == value)


@given(days, days, st.sampled_from([" or ", "/", " to ", ", or rather "]))
def test_two_days(value: dt.date, other: dt.date, mark: str) -> None:
    """Two dates are none; and a date of two readings is none either."""
    assume(value != other)

    assert not reads("day", str(value), f"{value}{mark}{other}")
    if value.day <= 12 and value.day != value.month:
        assert not reads("day", str(value), f"{value.day:02}/{value.month:02}/{value.year}")


def _wire(moment: dt.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _shifted(moment: dt.datetime, hours: int) -> str:
    return (moment + dt.timedelta(hours=hours)).strftime(f"%Y-%m-%dT%H:%M:%S{hours:+03}:00")


TIMES: tuple[Format, ...] = (
    _wire,
    lambda t: t.strftime("%Y-%m-%d %H:%M:%S"),
    lambda t: t.strftime("%Y-%m-%d %H:%M:%S UTC"),
    lambda t: _shifted(t, 5),
    lambda t: _shifted(t, -11),
    lambda t: f"{DAYS[1](t.date())} at {t:%H:%M:%S}",
    lambda t: f"{DAYS[2](t.date())}, {t:%I:%M:%S %p}",
    lambda t: f"{t:%H:%M:%S} on {DAYS[1](t.date())}",
    lambda t: f"{t:%Y-%m-%d} at {t:%H:%M}" if t.second == 0 else _wire(t),
)
times = st.datetimes(dt.datetime.fromisoformat("1950-01-01")).map(
    lambda t: t.replace(microsecond=0, year=min(t.year, 2090), day=min(t.day, 28))
)
apart = st.tuples(times, st.sampled_from([0, 1, 60, 3600, 7200, 43200, 86400])).map(
    lambda p: (p[0], p[0] + dt.timedelta(seconds=p[1]))
)


@given(apart, st.sampled_from(TIMES), st.sampled_from(_SAYS))
def test_times(pair: tuple[dt.datetime, dt.datetime], form: Format, says: Format) -> None:
    """A time is right in any zone that says its offset; one without a zone is in UTC."""
    value, other = pair

    assert reads("time", _wire(value), says(form(value)))
    if form is not TIMES[-1]:
        assert reads("time", _wire(other), says(form(value))) == (other == value)


WORDS = (
    "Blue blue Red Door Doors the The A Rock And & and Müller Muller Zoë 2 3 31 O'Brien OBrien "
    "Jean Luc Jean-Luc St. C++ C in of North New York No. 5 é E-4 Café"
).split()
PLAIN = frozenset("the The A And & and in of".split())
columns = st.lists(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=4)
    .filter(lambda words: not PLAIN.issuperset(words))
    .map(" ".join),
    min_size=2,
    max_size=12,
    unique=True,
)
TEXTS: tuple[Format, ...] = (
    str,
    str.lower,
    str.upper,
    lambda t: t.replace("ü", "u").replace("é", "e").replace("ë", "e"),
    lambda t: t.replace("&", "and"),
    lambda t: t.replace("-", " "),
    lambda t: t.replace("'", "’"),
    lambda t: t.replace(" ", "  "),
    lambda t: f'"{t}"',
    lambda t: f"{t}.",
    lambda t: t.removeprefix("The ").removeprefix("the "),
)
_SENTENCES: tuple[Format, ...] = (
    str,
    lambda text: f"The answer is “{text}”.",
    lambda text: f"Name: {text}",
    lambda text: [text],
    lambda text: {"name": text},
)


@given(columns, st.sampled_from(TEXTS), st.sampled_from(_SENTENCES), st.booleans())
def test_names(column: list[str], form: Format, says: Format, first: bool) -> None:
    """A name is right in any spelling that is no other name of the column; others are wrong."""
    value, other = column[:2] if first else column[1::-1]
    texts = Column(column)
    slot = Answer(entity="item", field="name", values=(value,))

    def right(answer: object) -> bool:
        return check(slot, answer, SCHEMA, lambda _, __: texts, "") is None

    alike = [t for t in column if t != value and tokens(t) == tokens(value)]
    assert right(value)
    assert right({"name": value})
    assert not right(other)
    little = len(tokens(value)) == 1 and len(tokens(value)[0]) <= 2
    if not alike and tokens(form(value)) == tokens(value) and not (little and says(value) != value):
        assert right(says(form(value)))
    if tokens(form(other)) not in ((), tokens(value)) and normal(other) != normal(value):
        assert not right(says(form(other)))
        assert not right(f"{value} or {form(other)}")


@given(columns, st.data())
def test_sets_of_names(column: list[str], data: st.DataObject) -> None:
    """A list is right when it names every member and nobody else, in any order, however often."""
    texts = Column(column)
    distinct = list({tokens(text): text for text in column}.values())
    members = data.draw(st.lists(st.sampled_from(distinct), min_size=1, unique=True))
    slot = Answer(entity="item", field="name", values=tuple(members), many=True)

    def right(answer: object) -> bool:
        return check(slot, answer, SCHEMA, lambda _, __: texts, "") is None

    shuffled = data.draw(st.permutations(members))
    assert right(shuffled)
    assert right([*shuffled, shuffled[0]])
    assert right("; ".join(shuffled))
    assert right("\n".join(f"- {text}" for text in shuffled))
    assert not right(shuffled[1:])
    strangers = [text for text in distinct if text not in members]
    if strangers:
        assert not right([*shuffled, strangers[0]])
        assert not right([strangers[0], *shuffled[1:]])


@given(st.integers(0, 10**7), st.integers(0, 10**7))
def test_numbers_in_words(value: int, other: int) -> None:
    """Numbers in English words are read, in any of the ways that people spell them."""
    for spelled in (
        _words(value),
        _words(value).replace("-", " "),
        _words(value).replace(" and", ""),
    ):
        assert reads("count", value, spelled), spelled
        assert reads("count", other, spelled) == (other == value)


ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
).split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()


def _words(number: int) -> str:
    """Spell a number below ten million: a second opinion, the other way round."""
    if number < 20:
        return ONES[number]
    if number < 100:
        rest = number % 10
        return TENS[number // 10 - 2] + (f"-{ONES[rest]}" if rest else "")
    for size, name in ((10**6, "million"), (1000, "thousand"), (100, "hundred")):
        if number >= size:
            head, rest = divmod(number, size)
            joint = " and " if 0 < rest < 100 else " "
            return f"{_words(head)} {name}" + (joint + _words(rest) if rest else "")
    raise AssertionError(number)
