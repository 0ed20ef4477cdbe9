"""Files of authors: read strictly, their mistakes told with place and what is near."""

import pytest
from compose.small import TEXTS, library

from agentgym.errors import FormatError
from agentgym.sources.compose.library import load, parse, read_files, stamp
from agentgym.sources.compose.records import Industry, Pattern


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('role = "label"', 'rol = "label"', "did you mean 'role'?"),
        ('type = "date"', 'type = "dat"', "did you mean 'date'?"),
        ("optional = true", 'optional = "yes"', "a value of type bool"),
        ('type = "compare"', 'type = "compar"', "did you mean 'compare'?"),
        ('about = "What clients order."', "", "the key about"),
        ("slots = [", "slots = ", "TOML"),
        ('op = "gt"', 'op = "more"', "found 'more'"),
    ],
)
def test_a_mistake_is_told_with_its_place(old, new, told):
    text = TEXTS["sales" if old in TEXTS["sales"] else "people"].replace(old, new, 1)
    with pytest.raises(FormatError) as caught:
        parse(text.encode(), Pattern, where="a.toml")
    assert told in str(caught.value)
    assert str(caught.value).startswith("a.toml")


def test_the_place_names_slot_and_field():
    text = TEXTS["sales"].replace(
        'name = "total", type = "decimal"', 'name = "total", type = "money"'
    )
    with pytest.raises(FormatError, match=r"slots\[0\] \(order\)\.fields\[2\] \(total\)"):
        parse(text.encode(), Pattern, where="a.toml")


def test_dates_of_toml_are_texts():
    text = TEXTS["bakery"].replace("price = 3.5", "price = 3.5, since = 2024-05-06")
    row = parse(text.encode(), Industry, where="a.toml").slots["thing"].rows[0]
    assert row["since"] == "2024-05-06"


def test_bytes_that_are_no_text_are_told():
    with pytest.raises(FormatError, match="TOML"):
        parse(b"\xff\xfe", Pattern, where="a.toml")


def test_a_file_bears_its_name(tmp_path):
    path = tmp_path / "persons.toml"
    path.write_text(TEXTS["people"])
    with pytest.raises(FormatError, match="write name = 'persons'"):
        read_files([path], [])


def test_a_stamp_follows_from_the_files_used(tmp_path):
    for name in ("people", "sales", "bakery"):
        (tmp_path / f"{name}.toml").write_text(TEXTS[name])
    files = [tmp_path / "people.toml", tmp_path / "sales.toml"], [tmp_path / "bakery.toml"]
    before = read_files(*files)
    both, one = ["sales", "people"], ["people"]
    first = stamp(before, "bakery", both)
    assert first == stamp(before, "bakery", both[::-1]) != stamp(before, "bakery", one)
    files[0][1].write_text(TEXTS["sales"] + "\n")
    after = read_files(*files)
    assert stamp(after, "bakery", both) != first
    assert stamp(after, "bakery", one) == stamp(before, "bakery", one)


def test_the_committed_library_is_read_once():
    assert load() is load()
    assert len(load().patterns) >= 40
    assert len(load().industries) >= 60


def test_slots_know_their_homes():
    small = library()
    assert small.homes["happening"].option == "history"
    assert small.homes["tag"].pattern == "things"
