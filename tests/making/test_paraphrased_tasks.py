"""Tasks whose instructions a model put differently: proved with its words, or left as they were."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import tiny
from scripted_model import Reply, serving
from typer.testing import CliRunner

from agentgym.build.fill import fill
from agentgym.build.yields import Filled
from agentgym.cli.app import app
from agentgym.client import Client
from agentgym.prove import Prover, RefusedError
from agentgym.tasks import Task

KIND = " I'd be glad of it."
SEED, COUNT = 3, 6


def model(rewrite: Callable[[str], str], *, right: bool = True) -> Any:
    """Make a model that rewrites a message, and picks the request it was made of, or another."""
    last = {"text": ""}

    def answer(request: dict[str, Any]) -> Reply:
        prompt = str(request["messages"][0]["content"])
        if prompt.startswith("Rewrite"):
            last["text"] = prompt.partition("Message:\n")[2]
            return Reply(rewrite(last["text"]))
        options = re.split(r"^\d+\. ", prompt.partition("same thing?\n")[2], flags=re.MULTILINE)
        place = next(n for n, text in enumerate(options) if n and text.startswith(last["text"]))
        return Reply(str(place if right else place % (len(options) - 1) + 1))

    return answer


def filled(rewrite: Callable[[str], str], *, right: bool = True) -> Filled:
    """Fill a small domain with a model that writes so."""
    with (
        serving(model(rewrite, right=right)) as script,
        Client("scribe", base_url=script.url, sleep=lambda seconds: None) as client,
    ):
        return fill(
            tiny.domain(),
            count=COUNT,
            seed=SEED,
            max_tools=40,
            progress=lambda line: None,
            client=client,
        )


@pytest.fixture(scope="module")
def plain() -> Filled:
    """The tasks in the grammar's own words."""
    return fill(tiny.domain(), count=COUNT, seed=SEED, max_tools=40, progress=lambda line: None)


@pytest.fixture(scope="module")
def kind() -> Filled:
    """The tasks with one more sentence each."""
    return filled(lambda text: text + KIND)


def test_words_of_the_model_are_proved(plain: Filled, kind: Filled) -> None:
    """Only the words differ, and all that follows from them; every gate holds anew."""
    assert plain.paraphrases == {}
    prover = Prover(tiny.domain())
    changed = 0
    for one, other in zip(plain.tasks, kind.tasks, strict=True):
        assert (one.id, one.plan, one.gold, one.goal) == (
            other.id,
            other.plan,
            other.gold,
            other.goal,
        )
        if other.words == "grammar":
            assert one == other
            continue
        changed += 1
        assert other.words == "scribe"
        assert other.instruction == other.user.opening == one.instruction + KIND
        assert other.knobs["wording"] == one.instruction
        assert prover.certify(other) == other.certificate
    assert changed == kind.paraphrases["taken"] >= COUNT / 2


def test_what_does_not_hold_leaves_the_grammars_words(plain: Filled) -> None:
    """Wrong votes and lost values refuse; the tasks are those of a build without a model."""
    for made, reason in (
        (filled(lambda text: text + KIND, right=False), "votes"),
        (filled(lambda text: "Please do what I asked for the other day, thank you." + KIND), ""),
    ):
        assert made.tasks == plain.tasks
        assert made.paraphrases["taken"] == 0
        assert sum(made.paraphrases.values()) > 0
        assert not reason or made.paraphrases[reason] > 0


def test_a_changed_paraphrase_does_not_certify(kind: Filled) -> None:
    """What is checked needs no model: the wording reads back, and the paraphrase keeps to it."""
    prover = Prover(tiny.domain())
    task = next(task for task in kind.tasks if task.words == "scribe")

    def with_text(text: str, **knobs: Any) -> Task:
        user = msgspec.structs.replace(task.user, opening=text)
        return msgspec.structs.replace(
            task, instruction=text, user=user, knobs={**task.knobs, **knobs}
        )

    for broken, code in (
        (with_text(task.instruction + " It is for Maria Lopez."), "paraphrase_differs"),
        (with_text(task.instruction, wording="Hello."), "no_reading"),
        (with_text(task.instruction, wording=None), "no_wording"),
    ):
        with pytest.raises(RefusedError) as error:
            prover.text(broken)
        assert (error.value.gate, error.value.code) == ("text", code)


def test_commands_take_a_model(tmp_path: Path) -> None:
    """`build` and `tasks` paraphrase with a model, and say how many instructions it wrote."""
    source = Path(__file__).parents[2] / "schemas/sources/clinic.sql"
    out = tmp_path / "clinic"
    with serving(model(lambda text: text + KIND)) as running:
        through = ["--model", "scribe", "--base-url", running.url, "--no-cache", "--paraphrase"]
        built = CliRunner().invoke(
            app, ["build", str(source), "--out", str(out), "--tasks", "3", *through]
        )
        assert built.exit_code == 0, built.output
        assert "put differently" in built.output
        more = CliRunner().invoke(app, ["tasks", str(out), "--count", "2", *through])
        assert more.exit_code == 0, more.output
    assert '"words":"scribe"' in (out / "tasks.jsonl").read_text()


@pytest.mark.parametrize(
    "options", [["--paraphrase"], ["--model", "m"], ["--model", "m", "--paraphrase", "--twins"]]
)
def test_options_that_need_each_other(options: list[str]) -> None:
    """A paraphrase needs a model, a model here a paraphrase, and twins are never paraphrased."""
    found = CliRunner().invoke(app, ["tasks", "clinic", *options])
    assert found.exit_code != 0
