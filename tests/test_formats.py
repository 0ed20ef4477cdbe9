"""Files: the JSON Schemas of our formats, canonical bytes, messages, and writes that are whole."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tiny
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from strategies_trajectory import trajectories

from agentgym import domain as domain_room
from agentgym import formats
from agentgym.build.describe import schemas
from agentgym.domain import Manifest
from agentgym.errors import FormatError, UsageError
from agentgym.formats import (
    Json,
    Record,
    check_writable,
    convert,
    decode,
    decode_lines,
    encode,
    encode_lines,
    numbered_lines,
    read,
    replace_folder,
    write,
)
from agentgym.rollout import rollout

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "schemas" / "formats"
MADE = {name: json.loads(content) for name, content in schemas().items()}
LINES = {"rows": "rows.jsonl", "task": "tasks.jsonl"}
FILES = {"domain": "domain.json", "manifest": "manifest.json"}

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


def faults(name: str, value: Json) -> list[str]:
    """Say where a value is not what the schema of that name describes."""
    validator = Draft202012Validator(MADE[f"{name}.schema.json"])
    return [f"{fault.json_path}: {fault.message[:200]}" for fault in validator.iter_errors(value)]


def check_folder(place: Path) -> None:
    """Hold every file of a domain folder against its schema."""
    for name, file in FILES.items():
        assert faults(name, json.loads((place / file).read_bytes())) == [], file
    for name, file in LINES.items():
        lines = (place / file).read_bytes().splitlines()
        for line in lines[:: max(1, len(lines) // 200)]:
            assert faults(name, json.loads(line)) == [], file


# the schemas


def test_schemas_are_what_the_records_say() -> None:
    """`schemas/formats` holds what the record types render to; `make formats` rewrites it."""
    assert {path.name: path.read_bytes() for path in FOLDER.iterdir()} == schemas()


def test_schemas_do_not_depend_on_the_seeded_hash() -> None:
    """Another process, with another order of sets, renders the same bytes."""
    code = "import sys; from agentgym.build.describe import schemas; "
    code += "sys.stdout.buffer.write(b''.join(schemas().values()))"
    made = [
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert made[0] == made[1] == b"".join(schemas().values())


@pytest.mark.parametrize("name", sorted(MADE))
def test_schemas_are_sound_and_closed(name: str) -> None:
    """Each is a JSON Schema whose records take no other fields, and that describes what it says."""
    schema = MADE[name]
    Draft202012Validator.check_schema(schema)
    records = [part for part in schema.get("$defs", {}).values() if part.get("type") == "object"]
    for part in records:
        assert part["additionalProperties"] is False, part["title"]
        assert part["description"], part["title"]


def test_field_docstrings_become_descriptions() -> None:
    """What a record says of a field stands in its schema."""
    field = MADE["domain.schema.json"]["$defs"]["Field"]["properties"]
    assert field["scale"]["description"].startswith("Digits after the point of a decimal")
    assert "description" not in field["nullable"]


@pytest.mark.parametrize("name", domain_room.committed())
def test_committed_domains_are_valid(name: str) -> None:
    """Every file of a committed domain is as its schema says."""
    check_folder(domain_room.find(name))


def test_a_folder_made_by_hand_is_valid(tmp_path: Path) -> None:
    """So are the files of the tiny library, and what is played in it."""
    check_folder(tiny.save(tmp_path / "tiny"))
    for policy in ("oracle", "random"):
        for record in rollout(tiny.suite(), policy, episodes=3):
            assert faults("trajectory", json.loads(encode(record))) == []


@given(trajectories())
def test_whatever_is_recorded_is_valid(record: Any) -> None:
    """Any trajectory that can be written is as its schema says."""
    assert faults("trajectory", json.loads(encode(record))) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("surprise",), 1),
        (("format",), 2),
        (("schema", "entities", 0, "key"), "member_id"),
        (("schema", "entities", 0, "fields", 0, "type"), "int"),
        (("tools", 0, "term", "type"), "got"),
        (("tools", 0, "guards"), [1]),
        (("clock",), None),
    ],
)
def test_schema_and_reader_refuse_the_same(path: tuple[Any, ...], value: Json) -> None:
    """An edit that the reader refuses for its shape, the schema refuses too."""
    made = tiny.domain()
    content = json.loads(made.to_json())
    spot = content
    for step in path[:-1]:
        spot = spot[step]
    spot[path[-1]] = value
    assert faults("domain", content)
    with pytest.raises(FormatError):
        domain_room.parse(json.dumps(content).encode(), made.rows_to_lines(), where="x")


# canonical bytes


@given(values)
def test_canonical_json_reads_back_and_is_stable(value: Json) -> None:
    """What is written reads back equal, and writes the same bytes again."""
    content = encode(value)
    assert decode(content, Any, where="x") == value
    assert encode(json.loads(content)) == content


@given(st.lists(values, max_size=4))
def test_lines_are_one_record_each(records: list[Json]) -> None:
    """JSON Lines hold one record a line and end with a line feed each, whatever the texts hold."""
    content = encode_lines(records)
    assert content.count(b"\n") == len(records)
    assert list(decode_lines(content, Any, where="x")) == records


def test_lines_are_counted_as_a_person_counts_them() -> None:
    """Empty lines are passed over, but counted."""
    assert list(numbered_lines(b'1\n\n2\r\n\n"a"', Any, where="x")) == [(1, 1), (3, 2), (5, "a")]


# messages


class Pet(Record, kw_only=True):
    """A record to be wrong about."""

    name: str
    age: int | None = None
    kind: Manifest | None = None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "x: expected JSON to its end, found a part of it; "),
        (b'{"name": "a"', "x: expected JSON to its end, found a part of it; "),
        (b'{"name":\n\n a}', "x line 3: expected JSON, found invalid character; "),
        (b'{"name": "\xff"}', "x"),
        (b"[]", "x: expected an object, found an array; "),
        (b"{}", "x: expected the field name, found nothing; "),
        (b'{"name": 3}', "x $.name: expected a text, found a whole number; "),
        (b'{"name": "a", "agr": 3}', "x: expected a field of the format, found 'agr'; "),
        (b'{"name": "a", "age": "b"}', "x $.age: expected a whole number or null, found a text; "),
    ],
)
def test_a_fault_is_told_in_four_parts(content: bytes, message: str) -> None:
    """What is wrong in a file is said as expected, found, where and what to do."""
    with pytest.raises(FormatError) as caught:
        decode(content, Pet, where="x")
    assert str(caught.value).startswith(message)
    error = caught.value
    assert error.expected and error.found and error.where and error.hint


def test_a_fault_in_lines_names_the_line() -> None:
    """The line of the first fault is named, counted from 1."""
    with pytest.raises(FormatError, match=r"^x line 3 \$\.age: expected a whole number or null"):
        list(decode_lines(b'{"name":"a"}\n\n{"name":"b","age":[]}\n', Pet, where="x"))


def test_a_decoded_value_is_told_of_alike() -> None:
    """A value that is decoded already is checked with the same messages."""
    assert convert({"name": "a"}, Pet, where="x") == Pet(name="a")
    with pytest.raises(FormatError, match=r"^x \$\.name: expected a text, found nothing|null"):
        convert({"name": None}, Pet, where="x")


def test_nesting_without_end_is_a_fault() -> None:
    """A file that is nested deeper than a reader goes is told of, not a crash."""
    for kind in (Any, Pet):
        with pytest.raises(FormatError):
            decode(b"[" * 100_000, kind, where="x")


def test_missing_and_unreadable_files(tmp_path: Path) -> None:
    """A file that is not there, or is a folder, is named."""
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(FormatError) as caught:
            read(path)
        assert caught.value.where == str(path)


# writing


def tree(folder: Path) -> dict[str, bytes | None]:
    """Return everything below a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


OLD = {"a": b"old", "b/c": b"old too"}
NEW = {"a": b"new", "d": b"new too"}


@pytest.mark.parametrize("files", [{}, OLD, {"a": b""}, {"x/y/z": b"\x00"}])
def test_a_folder_is_replaced_whole(tmp_path: Path, files: dict[str, bytes]) -> None:
    """After the call the folder holds those files and no other, and its parent nothing else."""
    place = tmp_path / "in" / "folder"
    for content in (files, NEW, files):
        replace_folder(place, content)
        there = {name: data for name, data in tree(place).items() if data is not None}
        assert there == content
        assert [path.name for path in place.parent.iterdir()] == ["folder"]


class _Interrupt:
    """Raises KeyboardInterrupt before the n-th line that `formats` runs."""

    def __init__(self, at: int) -> None:
        self.left = at

    def __call__(self, frame: Any, event: str, _: object) -> Any:
        if frame.f_code.co_filename != formats.__file__:
            return None
        if event == "line":
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt
        return self


def interruptions(folder: Path, content: dict[str, bytes]) -> Iterator[int]:
    """Replace the folder again and again, interrupted one line later each time."""
    before = sys.gettrace()
    at = 0
    while True:
        at += 1
        sys.settrace(_Interrupt(at))
        try:
            replace_folder(folder, content)
        except KeyboardInterrupt:
            sys.settrace(before)
            yield at
        else:
            return
        finally:
            sys.settrace(before)


@pytest.mark.parametrize("old", [None, OLD])
def test_an_interruption_leaves_the_old_folder_or_the_new(
    tmp_path: Path, old: dict[str, bytes] | None
) -> None:
    """Wherever Ctrl-C strikes the work, the folder is the old one or the new one, never a part."""
    place = tmp_path / "in" / "folder"
    lines = sum(1 for line in Path(formats.__file__).read_text().splitlines() if line.strip())
    if old:
        replace_folder(place, old)
    count = 0
    for count in interruptions(place, NEW):  # noqa: B007 - the last one counts
        left = [path.name for path in place.parent.iterdir()] if place.parent.exists() else []
        there = tree(place) if place.exists() else None
        if there == tree_of(NEW):
            shutil.rmtree(place.parent)
            if old:
                replace_folder(place, old)
        else:
            assert there == (tree_of(old) if old else None)
            assert left == (["folder"] if old else [])
    assert 10 < count < lines
    assert tree(place) == tree_of(NEW)


def tree_of(files: dict[str, bytes]) -> dict[str, bytes | None]:
    """Return what `tree` gives for a folder of these files."""
    folders = {str(parent) for name in files for parent in Path(name).parents} - {"."}
    return dict.fromkeys(folders) | files


@pytest.mark.parametrize("place", ["file/below", "file/far/below", "n" * 300])
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, place: str) -> None:
    """Where nothing can be written, that is said, and nothing is left there."""
    (tmp_path / "file").write_text("here")
    for attempt in (
        lambda: replace_folder(tmp_path / place, NEW),
        lambda: check_writable(tmp_path / place),
        lambda: write(tmp_path / place / "file", b""),
    ):
        with pytest.raises(UsageError) as caught:
            attempt()
        assert caught.value.expected == "a place to write"
        assert caught.value.hint
        assert tree(tmp_path) == {"file": b"here"}


def test_asking_leaves_nothing(tmp_path: Path) -> None:
    """Asking whether a place can be written leaves no trace of the question."""
    check_writable(tmp_path / "far" / "away")
    check_writable(tmp_path / "near")
    assert tree(tmp_path) == {}


@settings(max_examples=10)
@given(st.binary(max_size=20), st.binary(max_size=20))
def test_a_file_is_replaced_whole(
    tmp_path_factory: pytest.TempPathFactory, first: bytes, second: bytes
) -> None:
    """A file has the last content written, its readers may be anybody, and no other is left."""
    folder = tmp_path_factory.mktemp("write")
    for content in (first, second):
        write(folder / "sub" / "file", content)
        assert tree(folder) == {"sub": None, "sub/file": content}
    assert (folder / "sub" / "file").stat().st_mode & 0o777 == 0o644
