"""The client of a model, against a real server on loopback that answers what the test says."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted_model import Reply, serving

from agentgym.client import Answer, Cache, Client, json_in
from agentgym.errors import (
    ModelError,
    NoAnswerError,
    RefusedError,
    UnknownModelError,
    UnreachableError,
    UsageError,
)

ASK = [{"role": "user", "content": "hello"}]
SCHEMA = {
    "type": "object",
    "properties": {"a": {"type": "integer"}},
    "required": ["a"],
    "additionalProperties": False,
}
KEY = "key-of-great-secrecy-0123456789"


OPENED: list[Client] = []


def client(url: str, *, model: str = "small-model", **options) -> Client:
    """Return a client that does not wait, and is closed after the test."""
    OPENED.append(Client(model, base_url=url, **{"sleep": lambda seconds: None, **options}))
    return OPENED[-1]


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    while OPENED:
        OPENED.pop().close()


def test_an_answer_in_words() -> None:
    with serving("hi there") as script, client(script.url) as one:
        answer = one.complete(ASK, max_tokens=5, seed=3)
    assert (answer.text, answer.parsed, answer.cached) == ("hi there", None, False)
    assert (answer.usage.prompt, answer.usage.completion) == (11, 7)
    sent = script.asked[0]
    assert sent["messages"] == ASK and sent["max_tokens"] == 5 and sent["seed"] == 3
    assert "response_format" not in sent and "tools" not in sent


def test_a_schema_is_sent_and_the_answer_read() -> None:
    with serving({"a": 1}) as script, client(script.url) as one:
        assert one.complete(ASK, schema=SCHEMA).parsed == {"a": 1}
    form = script.asked[0]["response_format"]
    assert form["json_schema"] == {"name": "answer", "strict": True, "schema": SCHEMA}


@pytest.mark.parametrize("status", [400, 500])
def test_an_endpoint_without_schemas_is_asked_more_simply_and_remembered(status: int) -> None:
    def step(request):
        kind = request.get("response_format", {}).get("type")
        return status if kind == "json_schema" else {"a": 2}

    with serving(step) as script, client(script.url) as one:
        assert one.complete(ASK, schema=SCHEMA).parsed == {"a": 2}
        before = len(script.asked)
        assert one.complete([*ASK, *ASK], schema=SCHEMA).parsed == {"a": 2}
    assert script.modes[-1] == "json_object" and len(script.asked) == before + 1
    assert '"required"' in script.asked[-1]["messages"][0]["content"]


def test_an_endpoint_without_formats_is_asked_in_words() -> None:
    def step(request):
        return 422 if "response_format" in request else 'Sure!\n```json\n{"a": 3}\n```\nDone.'

    with serving(step) as script, client(script.url) as one:
        assert one.complete(ASK, schema=SCHEMA).parsed == {"a": 3}
    assert script.modes == ["json_schema", "json_object", "text"]


def test_an_answer_that_is_no_json_is_given_back_as_it_is() -> None:
    with serving("I would rather not") as script, client(script.url) as one:
        answer = one.complete(ASK, schema=SCHEMA)
    assert answer.parsed is None and answer.text == "I would rather not"
    assert len(script.asked) == 1


def test_tool_calls_are_read_whatever_they_are() -> None:
    calls = [
        {"id": "c1", "type": "function", "function": {"name": "get", "arguments": '{"id": 1}'}},
        {"function": {"name": "put", "arguments": {"id": 2}}},
        {"function": {"name": "", "arguments": "x"}},
        {"function": None},
        "nonsense",
    ]
    tools = [{"type": "function", "function": {"name": "get", "parameters": {}}}]
    reply = Reply(None, message={"tool_calls": calls}, finish="tool_calls")
    with serving(reply) as script, client(script.url) as one:
        answer = one.complete(ASK, tools=tools)
    assert script.asked[0]["tools"] == tools
    assert [(c.id, c.name, json.loads(c.arguments)) for c in answer.tool_calls] == [
        ("c1", "get", {"id": 1}),
        ("call_1", "put", {"id": 2}),
    ]


def test_what_passes_is_tried_again_with_growing_waits() -> None:
    waits: list[float] = []
    steps = (429, Reply("slow down", status=429, headers={"retry-after": "7"}), 503, "fine")
    with serving(*steps) as script:
        one = client(script.url, sleep=waits.append)
        assert one.complete(ASK).text == "fine"
    assert waits == [0.5, 7.0, 2.0]
    assert len(script.asked) == 4


@pytest.mark.parametrize(
    ("status", "kind", "asked"),
    [
        (500, UnreachableError, 3),
        (429, UnreachableError, 3),
        (401, RefusedError, 1),
        (403, RefusedError, 1),
        (404, UnknownModelError, 1),
        (400, NoAnswerError, 1),
    ],
)
def test_what_stays_is_one_clear_error(status: int, kind: type[ModelError], asked: int) -> None:
    with serving(status) as script, pytest.raises(kind) as caught:
        client(script.url, retries=2).complete(ASK)
    assert len(script.asked) == asked
    assert script.url in str(caught.value) and str(status) in str(caught.value)


def test_an_unknown_model_names_the_nearest() -> None:
    with serving(404) as script, pytest.raises(UnknownModelError, match="'small-model'"):
        client(script.url, model="smal-modle").complete(ASK)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(""),
        Reply("  \n"),
        Reply(None),
        Reply(body=b"<html>welcome</html>"),
        Reply(body=b""),
        Reply(body=b"[]"),
        Reply(body=b'{"choices": []}'),
        Reply(body=b'{"choices": [{"message": "no"}]}'),
        Reply(body=b'{"choices": {"0": 1}, "usage": 3}'),
        Reply(body=b'{"choices": [{"message": {"content": {"x": 1}}}]}'),
        Reply(body=b"[" * 100_000),
        Reply(body=b"\xff\xfe\x00"),
        Reply("x" * 4_100_000),
        Reply(None, message={"refusal": "I cannot"}),
    ],
    ids=range(14),
)
def test_what_is_no_answer_is_said_so(reply: Reply) -> None:
    with serving(reply) as script, pytest.raises(NoAnswerError):
        client(script.url).complete(ASK)
    with serving(reply) as script, pytest.raises(NoAnswerError):
        client(script.url).complete(ASK, schema=SCHEMA)
    assert script.modes == ["json_schema", "json_object", "text"]


def test_content_in_parts_is_joined() -> None:
    parts = [{"type": "text", "text": "one "}, {"type": "text", "text": "two"}, 3]
    with serving(Reply(None, message={"content": parts})) as script:
        assert client(script.url).complete(ASK).text == "one two"


def test_options_that_an_endpoint_does_not_take_are_renamed_or_left_out() -> None:
    def step(request):
        for name in ("max_tokens", "temperature"):
            if name in request:
                return Reply(f"Unsupported parameter: '{name}' is not supported", status=400)
        return "ok"

    with serving(step) as script, client(script.url) as one:
        assert one.complete(ASK, max_tokens=9).text == "ok"
        assert one.complete([*ASK, *ASK], max_tokens=9).text == "ok"
    assert script.asked[-1]["max_completion_tokens"] == 9
    assert len(script.asked) == 4


def test_a_server_that_hangs_is_given_up() -> None:
    with serving(Reply("late", wait=1.5)) as script, pytest.raises(UnreachableError, match="time"):
        client(script.url, timeout=0.2).complete(ASK)
    assert len(script.asked) == 2


def test_a_server_that_is_not_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(UnreachableError, match="3 times"):
        client(f"http://127.0.0.1:{port}/v1", retries=2).complete(ASK)


def test_a_key_is_needed_away_from_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(RefusedError, match="OPENAI_API_KEY"):
        client("http://models.invalid/v1").complete(ASK)


def test_the_key_is_sent_and_never_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    told = Reply(f"Incorrect API key provided: {KEY}", status=401)
    with serving(told) as script:
        url = script.url.replace("//", f"//user:{KEY}@")
        one = client(url, api_key_env="MY_KEY", cache=Cache(tmp_path))
        with pytest.raises(RefusedError) as caught:
            one.complete(ASK)
    shown = f"{caught.value!r} {caught.value} {caught.value.__cause__} {capfd.readouterr()}"
    assert KEY not in shown and "***" in shown
    with serving("fine") as script:
        one = client(script.url, api_key_env="MY_KEY", cache=Cache(tmp_path))
        one.complete(ASK)
    assert script.headers[0]["authorization"] == f"Bearer {KEY}"
    assert all(KEY not in path.read_text() for path in tmp_path.rglob("*") if path.is_file())


@pytest.mark.parametrize("key", ["käse", "a\nb"])
def test_a_key_that_cannot_be_sent(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("MY_KEY", key)
    with pytest.raises(UsageError, match="MY_KEY"):
        client("http://127.0.0.1:9/v1", api_key_env="MY_KEY").complete(ASK)


@pytest.mark.parametrize(
    "url", ["", "models", "ftp://x/v1", "http://", "http://[::1/v1", "http://h:x"]
)
def test_a_url_that_is_none(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "nothing")
    with pytest.raises(UsageError, match="--base-url"):
        Client("m", base_url=url)


def test_the_package_is_missing() -> None:
    code = (
        "import sys; sys.modules['openai'] = None\n"
        "from agentgym.client import Client\n"
        "Client('m', base_url='http://127.0.0.1:9/v1').complete([])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert "pip install 'agentgym-worlds[model]'" in result.stderr


class TestCache:
    def test_the_same_question_asks_nobody(self, tmp_path: Path) -> None:
        with serving({"a": 1}) as script:
            first = client(script.url, cache=Cache(tmp_path)).complete(ASK, schema=SCHEMA)
        files = {p: p.read_bytes() for p in tmp_path.rglob("*.json")}
        dead = client("http://127.0.0.1:9/v1", cache=Cache(tmp_path), retries=0)
        again = dead.complete(ASK, schema=SCHEMA)
        assert again.cached and not first.cached
        assert (again.text, again.parsed, again.usage) == (first.text, first.parsed, first.usage)
        assert {p: p.read_bytes() for p in tmp_path.rglob("*.json")} == files
        with pytest.raises(UnreachableError):
            dead.complete(ASK, schema=SCHEMA, temperature=1)

    @pytest.mark.parametrize("change", [b"", b"{", b"null", b"\xff\x00", "cut", "edit"])
    def test_a_damaged_entry_is_asked_again(self, tmp_path: Path, change) -> None:
        with serving("one", "two") as script:
            one = client(script.url, cache=Cache(tmp_path))
            one.complete(ASK)
            (path,) = tmp_path.rglob("*.json")
            whole = path.read_bytes()
            edits = {"cut": whole[:-9], "edit": whole.replace(b'"one"', b'"own"')}
            path.write_bytes(edits.get(change, change))
            assert one.complete(ASK).text == "two"
            assert one.complete(ASK).text == "two"
        assert len(script.asked) == 2

    def test_errors_are_not_kept(self, tmp_path: Path) -> None:
        with serving(400, "good") as script:
            one = client(script.url, cache=Cache(tmp_path))
            with pytest.raises(NoAnswerError):
                one.complete(ASK)
            assert one.complete(ASK).text == "good"

    def test_a_folder_that_cannot_be_written(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("x")
        with serving("one") as script, pytest.raises(UsageError, match="a place to write"):
            client(script.url, cache=Cache(tmp_path / "file")).complete(ASK)

    def test_threads_share_a_client(self, tmp_path: Path) -> None:
        def echo(request):
            return request["messages"][0]["content"]

        with serving(echo) as script, client(script.url, cache=Cache(tmp_path)) as one:
            ready = threading.Barrier(8)

            def ask(number: int) -> str:
                ready.wait()
                return one.complete([{"role": "user", "content": f"n{number % 4}"}]).text

            with ThreadPoolExecutor(8) as pool:
                found = list(pool.map(ask, range(8)))
        assert found == [f"n{number % 4}" for number in range(8)]
        assert len(list(tmp_path.rglob("*.json"))) == 4


class TestJsonIn:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ('{"a": 1}', {"a": 1}),
            (" \n[1, 2]", [1, 2]),
            ('Here: {"a": {"b": "}"}} and more', {"a": {"b": "}"}}),
            ('```json\n{"a": 1,}\n```', {"a": 1}),
            ("```\n[]\n```", []),
            ('<think>{"a": 0}</think>{"a": 1}', {"a": 1}),
            ('{"x": 1} no, better {"x": 1, "y": 2}', {"x": 1, "y": 2}),
            ('broken { then {"a": 1}', {"a": 1}),
            ("none", None),
            ("", None),
            ("12", None),
            ('"text"', None),
            ('{"a": ', None),
            ('{"a": [{"b": 1}, {"b": 2}', None),
            ('{"a": NaN}', None),
            ("{" * 5000, None),
            ('{"a":' * 5000 + "1" + "}" * 5000, None),
        ],
    )
    def test_finds_it(self, text: str, value) -> None:
        assert json_in(text) == value

    @given(st.text(alphabet='{}[]"\\,:a1 `\n', max_size=60))
    def test_never_fails(self, text: str) -> None:
        found = json_in(text)
        assert found is None or isinstance(found, (dict, list))

    @given(
        st.dictionaries(st.text(max_size=4), st.integers() | st.text(max_size=9)),
        st.text(alphabet="ab \n", max_size=9),
    )
    def test_finds_what_is_amid_prose(self, value, prose: str) -> None:
        said = f"{prose}\n{json.dumps(value)}\n{prose}"
        assert json_in(said) == value or any(
            isinstance(v, int) and abs(v) >= 2**63 for v in value.values()
        )


@pytest.mark.parametrize("content", ["half \ud800", object()])
def test_messages_that_cannot_be_sent(content) -> None:
    with pytest.raises(UsageError, match="messages that are JSON"):
        client("http://127.0.0.1:9/v1").complete([{"role": "user", "content": content}])


def test_an_answer_is_a_record_of_nothing_by_default() -> None:
    assert Answer() == Answer(text="", tool_calls=(), finish="")
    assert Answer(finish="length").cut
