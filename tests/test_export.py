"""Exports: what upstream's models, types, lints and folder rules accept, and what is lost."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import hypothesis.strategies as st
import msgspec
import pytest
from adp_models import Metadata15, Trajectory10, Trajectory15
from hypothesis import given
from openai.types.chat import ChatCompletionMessageParam
from openai.types.chat.chat_completion_tool_param import ChatCompletionToolParam
from pydantic import TypeAdapter, ValidationError
from strategies_trajectory import NOW, runs, texts, trajectories, values

from agentgym.errors import FormatError, UsageError
from agentgym.export import FORMATS, adp, export, openai
from agentgym.export.dataset.raw_to_standardized import (
    escape,
    quote,
    restore,
    standardize,
    turns,
    unquote,
)
from agentgym.formats import encode
from agentgym.trajectory import (
    AgentFacts,
    AssistantEvent,
    Call,
    EnvFacts,
    Outcome,
    Provenance,
    TaskFacts,
    ToolEvent,
    ToolFace,
    Trajectory,
    UserEvent,
)

MARKUP = re.compile(
    r"<(/?think|/?finish|function_calls|/?function|invoke|/?parameter)\b", re.IGNORECASE
)
MESSAGES: TypeAdapter[Any] = TypeAdapter(list[ChatCompletionMessageParam])
TOOLS: TypeAdapter[Any] = TypeAdapter(list[ChatCompletionToolParam])


def example(number: int = 1, **changes: Any) -> Trajectory:
    """Return a success of two parallel calls, a mistake, and a conclusion."""
    at: dict[str, Any] = {"t": NOW, "turn": 1}
    faces = (
        ToolFace(
            name="get_book",
            description="Get the book with a shelf mark.",
            parameters={
                "type": "object",
                "properties": {"mark": {"type": "string", "description": "Shelf mark"}},
                "required": ["mark"],
            },
        ),
        ToolFace(
            name="conclude",
            description="End the task.",
            parameters={
                "type": "object",
                "properties": {"outcome": {"type": "string"}, "answer": {}},
                "required": ["outcome"],
            },
        ),
    )
    events = (
        UserEvent(i=0, content="Where is <think>B-7</think>?", **at),
        AssistantEvent(
            i=1,
            content="I look.",
            tool_calls=(
                Call(id="c1", name="get_book", arguments={"mark": "B-7"}),
                Call(id="c2", name="get_book", arguments={"title": 3}),
            ),
            **at,
        ),
        ToolEvent(i=2, call_id="c1", name="get_book", content='{"room":4}', **at),
        ToolEvent(
            i=3,
            call_id="c2",
            name="get_book",
            content="no mark",
            is_error=True,
            error_type="bad_arguments",
            **at,
        ),
        AssistantEvent(
            i=4,
            tool_calls=(
                Call(id="c3", name="conclude", arguments={"outcome": "done", "answer": "Room 4"}),
            ),
            **at,
        ),
        ToolEvent(i=5, call_id="c3", name="conclude", content='{"concluded":"done"}', **at),
    )
    made = Trajectory(
        trajectory_id=f"t{number}",
        group_id="g",
        env=EnvFacts(env_id="e", env_version="1", spec_sha256="0", domain="library", seed=0),
        task=TaskFacts(task_id="library-v1/0001", instruction="Where?", system="You are kind."),
        agent=AgentFacts(name="oracle"),
        tools=faces,
        events=events,
        outcome=Outcome(status="success", termination="conclude", reward=1.0),
        provenance=Provenance(generator_version="0.1.0"),
    )
    return msgspec.structs.replace(made, **changes)


def failed(number: int) -> Trajectory:
    """Return an episode that failed."""
    return example(number, outcome=Outcome(status="failure", termination="max_turns", reward=0.0))


def load_module(path: Path) -> ModuleType:
    """Import a file of a data set, as upstream's tests do."""
    spec = importlib.util.spec_from_file_location(f"dataset_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def strings(value: Any) -> Iterator[str]:
    """Walk through every string of a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from strings(item)


@given(texts)
def test_escaping_is_reversible_and_leaves_no_markup(text: str):
    """Escaped text holds nothing that a converter takes for markup, and loses nothing."""
    assert restore(escape(text)) == text
    assert not MARKUP.search(escape(text))


@given(st.dictionaries(texts, values, max_size=4))
def test_quoting_is_reversible(arguments: dict[str, Any]):
    """Quoted arguments paste into code as they are, and give the arguments back."""
    quoted = quote(arguments)

    assert unquote(quoted) == arguments
    for name, value in arguments.items():
        if isinstance(value, str):
            assert eval(restore(quoted[name])) == value


@given(trajectories(status="success"))
def test_every_record_satisfies_both_models(trajectory: Trajectory):
    """One line is a record of 1.0 and of 1.5.0, ends with a finish, starts with the user."""
    made = standardize(json.loads(encode(trajectory)))

    assert made is not None
    Trajectory10.model_validate(made)
    Trajectory15.model_validate(made)
    assert all(isinstance(value, str) for value in made["details"].values())
    first, last = made["content"][0], made["content"][-1]
    assert (first["class_"], first["source"]) == ("text_observation", "user")
    assert re.fullmatch("<finish> .* </finish>", last["content"], re.DOTALL)
    texts_of_all = list(strings(made | {"content": made["content"][:-1]}))
    assert not any(MARKUP.search(text) for text in texts_of_all)


@given(trajectories(status="success"))
def test_calls_are_put_one_after_the_other(trajectory: Trajectory):
    """Every call is followed by its own result, in the order in which they were made."""
    made = standardize(json.loads(encode(trajectory)))

    assert made is not None
    for item, following in zip(made["content"], made["content"][1:], strict=False):
        if item["class_"] == "api_action":
            assert following["tool_call_id"] == item["tool_call_id"]
    sent = [call for turn in walk(trajectory) for call in turn.get("calls", ())]
    fitting = [call for call in sent if call["text"] is None]
    actions = [item for item in made["content"] if item["class_"] == "api_action"]
    assert [unquote(a["kwargs"]) for a in actions] == [c["arguments"] for c in fitting]
    assert [a["function"] for a in actions] == [c["name"] for c in fitting]


def walk(trajectory: Trajectory) -> list[dict[str, Any]]:
    """Walk through an episode as the ADP writer does."""
    from agentgym.export.dataset.raw_to_standardized import is_callable  # noqa: PLC0415

    return list(turns(json.loads(encode(trajectory)), is_callable))


@given(trajectories(status="success"))
def test_nothing_that_was_said_is_lost(trajectory: Trajectory):
    """Each word of user, agent and tools is in the ADP record, after unescaping."""
    made = standardize(json.loads(encode(trajectory)))

    assert made is not None
    held = [restore(text) for text in strings(made["content"])]
    held += json.loads(restore(made["details"]["farewell"]))
    for event in trajectory.events:
        if not isinstance(event, ToolEvent):
            assert any(event.content in text for text in held)


@given(runs())
def test_dataset_folder_holds_what_upstream_tests_ask_for(given_runs: list[Trajectory]):
    """The folder passes upstream's rules on files, samples, stubs, metadata and lint."""
    kept = [one for one in given_runs if one.outcome.status == "success"]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "adp"
        report = export(given_runs, "adp", folder)

        assert report.records == len(kept)
        assert sum(report.left_out.values()) == len(given_runs) - len(kept)
        check_folder(folder, kept)


def check_folder(folder: Path, kept: list[Trajectory]) -> None:
    """Do what upstream's tests do with the folder of a data set."""
    names = {path.name for path in folder.glob("*.json")}
    # Versions contradict each other in one name each: 1.0 refuses the first, 1.5.0 the second.
    common = {"sample_raw.json", "sample_std.json"}
    assert names == common | {"metadata.json", "sample_sft.json"}
    assert [path.name for path in (folder / "sample_sft").iterdir()] == ["openhands_v0.json"]
    loaded = {name: json.loads((folder / name).read_text()) for name in names}
    raw_schema = load_module(folder / "schema_raw.py").SchemaRaw
    stubs = load_module(folder / "api.py")
    metadata = Metadata15.model_validate(loaded["metadata.json"])
    custom = {tool.function.name for tool in metadata.custom_tools}
    for name in names:
        text = (folder / name).read_text()
        assert text == json.dumps(loaded[name], indent=2, ensure_ascii=False) + "\n"
    lines = (folder / "full_std.jsonl").read_bytes().decode().splitlines()
    assert [json.loads(line)["id"] for line in lines] == [one.trajectory_id for one in kept]
    raw, std, sft = (loaded[f"sample_{kind}.json"] for kind in ("raw", "std", "sft"))
    assert len(raw) == len(std) == len(sft) == min(len(kept), adp.SAMPLES)
    for record, standard, spoken in zip(raw, std, sft, strict=True):
        raw_schema(**record)
        Trajectory10.model_validate(standard)
        Trajectory15.model_validate(standard)
        assert set(standard["available_custom_tools"]) <= custom
        for item in standard["content"]:
            if item["class_"] == "api_action":
                assert item["function"] in standard["available_custom_tools"]
                getattr(stubs, item["function"])(**item["kwargs"])
        assert record["trajectory_id"] == standard["id"] == spoken["id"]
        assert len(spoken["conversations"]) == len(standard["content"])
        assert spoken["system"]
        for message in spoken["conversations"]:
            if re.search("<function=|<function_calls>|<invoke name=", message["value"]):
                assert message["from"] == "function_call"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An ADP folder of two successes, with one failure left out."""
    place = tmp_path_factory.mktemp("export") / "adp"
    export([example(1), failed(2), example(3)], "adp", place)
    return place


def test_adp_record_reads_as_it_should(folder: Path):
    """The whole record of a small episode, as a person would check it."""
    first = json.loads((folder / "full_std.jsonl").read_text().splitlines()[0])

    link = {"tool_call_id": "c1"}
    end = {"tool_call_id": "c3"}
    assert first["content"] == [
        {
            "class_": "text_observation",
            "content": "You are kind.\n\nWhere is <_think>B-7<_/think>?",
            "source": "user",
        },
        {
            "class_": "api_action",
            "function": "get_book",
            "kwargs": {"mark": "'B-7'"},
            "description": "I look.",
            **link,
        },
        {
            "class_": "text_observation",
            "content": '{"room":4}',
            "source": "environment",
            "name": "get_book",
            **link,
        },
        {
            "class_": "message_action",
            "content": '{"name": "get_book", "arguments": {"title": 3}}',
        },
        {"class_": "text_observation", "content": "no mark", "source": "environment"},
        {
            "class_": "api_action",
            "function": "conclude",
            "kwargs": {"outcome": "'done'", "answer": "'Room 4'"},
            **end,
        },
        {
            "class_": "text_observation",
            "content": '{"concluded":"done"}',
            "source": "environment",
            "name": "conclude",
            **end,
        },
        {"class_": "message_action", "content": "<finish> Room 4 </finish>"},
    ]
    assert json.loads(first["details"]["faults"]) == {"c2": "bad_arguments"}


def test_readme_counts_what_was_left_out(folder: Path):
    """A reader of the folder learns how many episodes failed."""
    text = (folder / "README.md").read_text()

    assert "2 successful episodes" in text
    assert "1 (1 failure)" in text


def test_stubs_pass_upstream_lint(folder: Path, tmp_path: Path):
    """`ruff check api.py --select D --ignore D100,D203,D213` has nothing to say."""
    lint(folder / "api.py")


def lint(path: Path) -> None:
    """Run upstream's lint over stubs."""
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", str(path)]
    found = subprocess.run(
        [*command, "--select", "D", "--ignore", "D100,D203,D213"],
        capture_output=True,
        check=False,
        text=True,
    )
    assert found.returncode == 0, found.stdout


def test_hostile_tool_texts_pass_upstream_lint(tmp_path: Path):
    """Whatever a tool's texts are, its stub is Python and passes upstream's lint."""
    batch: list[Trajectory] = []

    @given(st.lists(trajectories(), min_size=3, max_size=3))
    def collect(drawn: list[Trajectory]) -> None:
        batch.extend(drawn)

    collect()
    views = [
        [msgspec.structs.replace(tool, name=f"tool_{i}_{j}") for j, tool in enumerate(one.tools)]
        for i, one in enumerate(batch)
    ]
    from agentgym.export.stubs import api  # noqa: PLC0415

    path = tmp_path / "api.py"
    path.write_text(api(adp.merged(views)))
    load_module(path)
    lint(path)


def test_scripts_of_the_folder_reproduce_it(folder: Path, tmp_path: Path):
    """`extract_raw.py | raw_to_standardized.py` is `full_std.jsonl`, without agentgym."""
    copy = shutil.copytree(folder, tmp_path / "copy")
    python = [sys.executable, "-I"]
    raw = subprocess.run([*python, "extract_raw.py"], cwd=copy, capture_output=True, check=True)
    std = subprocess.run(
        [*python, "raw_to_standardized.py"],
        cwd=copy,
        input=raw.stdout,
        capture_output=True,
        check=True,
    )

    assert raw.stdout == (folder / "full_raw.jsonl").read_bytes()
    assert std.stdout == (folder / "full_std.jsonl").read_bytes()


def test_domains_with_one_tool_name_share_a_stub(tmp_path: Path):
    """Two unlike tools of one name become one stub that takes what either takes."""
    other = example(2)
    tool = msgspec.structs.replace(
        other.tools[0],
        parameters={"type": "object", "properties": {"mark": {"type": "integer"}, "x": {}}},
    )
    call = Call(id="c1", name="get_book", arguments={"x": 1})
    other = msgspec.structs.replace(
        other,
        tools=(tool, *other.tools[1:]),
        events=(other.events[0], AssistantEvent(i=1, t=NOW, turn=1, tool_calls=(call,))),
    )
    export([example(1), other], "adp", tmp_path / "adp")

    check_folder(tmp_path / "adp", [example(1), other])


@pytest.mark.parametrize(
    "broken",
    [
        {"schema_version": "2.0.0"},
        {"surprise": 1},
        {"details": {"reward": "1"}},
        {"content": [{"class_": "api_action", "function": "f", "kwargs": {}, "tool_call_id": "a"}]},
        {"content": [{"class_": "text_observation", "content": "", "source": "tool"}]},
        {"content": [{"class_": "message_action", "content": "", "tool_call_id": "a"}]},
    ],
)
def test_models_refuse_what_upstream_refuses(broken: dict[str, Any]):
    """The rebuilt model of 1.5.0 is a judge, not a rubber stamp."""
    with pytest.raises(ValidationError):
        Trajectory15.model_validate({"id": "x", "content": []} | broken)


@given(trajectories(status="success"))
def test_chat_satisfies_openai_types(trajectory: Trajectory):
    """Every example is typed right, answers each call in time, and ends with the assistant."""
    made = openai.chat(json.loads(encode(trajectory)))

    MESSAGES.validate_python(made["messages"])
    TOOLS.validate_python(made["tools"])
    names = {tool["function"]["name"] for tool in made["tools"]}
    open_calls: list[str] = []
    seen: set[str] = set()
    for message in made["messages"]:
        if message["role"] == "tool":
            open_calls.remove(message["tool_call_id"])
            continue
        assert not open_calls
        for call in message.get("tool_calls", ()):
            assert call["id"] not in seen
            assert call["function"]["name"] in names
            assert isinstance(json.loads(call["function"]["arguments"]), dict)
            seen.add(call["id"])
            open_calls.append(call["id"])
    assert not open_calls
    silent = [m for m in made["messages"] if m.get("weight") == 0]
    said = [event for event in trajectory.events if isinstance(event, AssistantEvent)]
    assert len(silent) == sum(not event.loss for event in said)
    assert made["messages"][-1]["role"] == "assistant"
    assert "tool_calls" not in made["messages"][-1]


def test_chat_reads_as_it_should():
    """The messages of a small episode, as a person would check them."""
    made = openai.chat(json.loads(encode(example())))

    assert [message["role"] for message in made["messages"]] == [
        "system",
        "user",
        "assistant",
        "tool",
        "tool",
        "assistant",
        "tool",
        "assistant",
    ]
    assert made["messages"][2]["tool_calls"][0] == {
        "id": "c1",
        "type": "function",
        "function": {"name": "get_book", "arguments": '{"mark": "B-7"}'},
    }
    assert made["messages"][-1] == {"role": "assistant", "content": "Room 4"}
    assert made["parallel_tool_calls"] is True


def test_last_words_of_the_agent_end_a_record():
    """An episode that ends with a message ends with it in both formats."""
    said = (
        UserEvent(i=0, t=NOW, turn=0, content="Hello?"),
        AssistantEvent(i=1, t=NOW, turn=1, content="It is in room 4."),
        UserEvent(i=2, t=NOW, turn=1, content="Thank you."),
    )
    outcome = Outcome(status="success", termination="agent_message", reward=1.0)
    record = json.loads(encode(example(events=said, outcome=outcome)))

    made = standardize(record)

    assert made is not None
    assert made["content"][-1]["content"] == "<finish> It is in room 4. </finish>"
    assert json.loads(made["details"]["farewell"]) == ["Thank you."]
    assert openai.chat(record)["messages"][-1]["content"] == "It is in room 4."


@pytest.mark.parametrize("format", sorted(FORMATS))
class TestExport:
    """What holds for every format."""

    def test_same_runs_same_bytes(self, format: str, tmp_path: Path):
        """Two exports of the same episodes are the same files."""
        for name in ("one", "two"):
            export([example(1), failed(2)], format, tmp_path / name)
        one, two = (
            {p.relative_to(root): p.read_bytes() for p in root.rglob("*") if p.is_file()}
            for root in (tmp_path / "one", tmp_path / "two")
        )

        assert one == two

    def test_replaces_its_own_folder(self, format: str, tmp_path: Path):
        """An earlier export of the same format gives way, whole."""
        export([example(1), example(2)], format, tmp_path / "out")
        report = export([example(1)], format, tmp_path / "out")

        assert report.records == 1
        assert [p.name for p in tmp_path.iterdir()] == ["out"]

    def test_leaves_other_folders_alone(self, format: str, tmp_path: Path):
        """A folder that holds anything else is not touched."""
        export([example(1)], format, tmp_path / "out")
        (tmp_path / "out" / "notes.txt").write_text("mine")

        with pytest.raises(UsageError, match=r"holds 'notes.txt'.*choose another"):
            export([example(1)], format, tmp_path / "out")
        assert (tmp_path / "out" / "notes.txt").read_text() == "mine"

    def test_does_not_write_over_a_file(self, format: str, tmp_path: Path):
        """A file in the place of the folder is an error."""
        (tmp_path / "out").write_text("mine")

        with pytest.raises(UsageError, match="found a file"):
            export([example(1)], format, tmp_path / "out")

    def test_failures_alone_are_nothing_to_export(self, format: str, tmp_path: Path):
        """Without a success nothing is written, and the message says why; `rl` learns from them."""
        if format == "rl":
            assert export([failed(1), failed(2)], format, tmp_path / "out").records == 2
            return
        with pytest.raises(UsageError, match="none among 2"):
            export([failed(1), failed(2)], format, tmp_path / "out")
        assert not (tmp_path / "out").exists()

    def test_one_id_twice_is_refused(self, format: str, tmp_path: Path):
        """Two records of one id would be taken for one by every reader."""
        with pytest.raises(FormatError, match="'t1' twice"):
            export([example(1), example(1)], format, tmp_path / "out")


def test_unknown_format_names_the_nearest(tmp_path: Path):
    """A wrong format is answered with the one that was probably meant."""
    with pytest.raises(UsageError, match="did you mean 'openai'"):
        export([example(1)], "open-ai", tmp_path / "out")


def test_other_format_is_not_overwritten(tmp_path: Path):
    """An export of one format does not replace one of another."""
    export([example(1)], "adp", tmp_path / "out")

    with pytest.raises(UsageError, match="earlier openai export"):
        export([example(1)], "openai", tmp_path / "out")


def test_a_tool_that_python_cannot_name_is_refused(tmp_path: Path):
    """A stub needs a name; the error says which tool has none."""
    tool = msgspec.structs.replace(example().tools[0], name="get-book")

    with pytest.raises(FormatError, match="'get-book'"):
        export([example(tools=(tool,))], "adp", tmp_path / "out")
    assert not (tmp_path / "out").exists()
