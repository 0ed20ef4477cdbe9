"""The command line: what each command prints, what it writes, and how it says no."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import tiny
from typer.testing import CliRunner, Result

from agentgym.cli import app

COMMANDS = "build grow compose pool fleet check show play rollout export seal".split()
SCRIPT = """
CREATE TABLE keeper (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, badge TEXT UNIQUE);
CREATE TABLE enclosure (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, area REAL NOT NULL,
  keeper_id INTEGER NOT NULL REFERENCES keeper(id));
CREATE TABLE animal (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, species TEXT NOT NULL,
  weight INTEGER NOT NULL CHECK (weight > 0), born DATE NOT NULL,
  enclosure_id INTEGER NOT NULL REFERENCES enclosure(id));
"""


def agentgym(*words: object, input: str | None = None) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(app, [str(word) for word in words], input=input)


def in_process_of_its_own(*words: object) -> subprocess.CompletedProcess[str]:
    """Run a command as a user does."""
    return subprocess.run(
        [sys.executable, "-m", "agentgym.cli", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
    )


def told(result: Result, code: int) -> str:
    """Return the one message of a command that failed as it should."""
    assert result.exit_code == code, result.output
    lines = [line for line in result.stderr.splitlines() if not line.startswith("[")]
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("agentgym: ")
    return lines[0]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the tiny library."""
    return tiny.save(tmp_path_factory.mktemp("domains") / "library")


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A domain built from a small database by the command itself."""
    place = tmp_path_factory.mktemp("zoo")
    source = place / "zoo.sqlite"
    with sqlite3.connect(source) as base:
        base.executescript(SCRIPT)
        base.executemany(
            "INSERT INTO keeper VALUES (?, ?, ?)",
            [(i, f"{name} Smith", f"B-{i:03}") for i, name in enumerate(NAMES[:6], 1)],
        )
        base.executemany(
            "INSERT INTO enclosure VALUES (?, ?, ?, ?)",
            [(i, f"{name} House", 100.5 * i, 1 + i % 6) for i, name in enumerate(PLACES, 1)],
        )
        base.executemany(
            "INSERT INTO animal VALUES (?, ?, ?, ?, ?, ?)",
            [
                (
                    i,
                    name,
                    SPECIES[i % 5],
                    3 * i + 1,
                    f"20{10 + i % 9}-0{1 + i % 8}-1{i % 9}",
                    1 + i % 8,
                )
                for i, name in enumerate(NAMES, 1)
            ],
        )
    base.close()
    result = agentgym("build", source, "--out", place / "zoo", "--tasks", 8, "--seed", 3)
    assert result.exit_code == 0, result.stderr
    assert "8 proved of 8 wanted" in result.stdout
    return place / "zoo"


NAMES = (
    "Ada Bela Cora Dora Emil Fritz Greta Hanna Ida Jonas Karla Lena Mona Nora Otto Paula Quentin "
    "Rosa Selma Tilda Uwe Vera Wanda Xenia Yara Zita Anton Bruno Clara Dieter"
).split()
PLACES = "Lion River Forest Desert Bird Reptile Night Island".split()
SPECIES = "lion otter owl viper lemur".split()


class TestHelp:
    """What a newcomer reads."""

    @pytest.mark.parametrize("command", COMMANDS)
    def test_every_command_has_help_with_an_example(self, command: str):
        """`--help` says what a command does and shows one line that can be typed."""
        result = agentgym(command, "--help")

        assert result.exit_code == 0
        assert f"Example: agentgym {command} " in " ".join(result.stdout.split())

    def test_help_names_every_command(self):
        """The first page lists the commands in the order of a first visit."""
        result = agentgym("--help")

        assert sorted(COMMANDS, key=result.stdout.index) == COMMANDS

    def test_version(self):
        """`--version` prints the version and nothing else."""
        result = agentgym("--version")

        assert re.fullmatch(r"\d+\.\d+\.\d+\n", result.stdout)


class TestShow:
    """Looking at a domain."""

    def test_at_a_glance(self, library: Path):
        """Entities, tools, rules and tasks are all on the first page."""
        result = agentgym("show", library)

        assert result.exit_code == 0
        for part in ("2 entities", "11 tools: 7 read, 4 write", "2 rules", "5 tasks", "member"):
            assert part in result.stdout
        assert "\x1b" not in result.stdout
        assert not result.stderr

    @pytest.mark.parametrize(
        ("words", "parts"),
        [
            (["tasks"], ["0001", "lookup", "0005"]),
            (["tasks", "1"], ["Gold run", "find_member", "Certificate", "member.fees: 12.5"]),
            (["tasks", "tiny_library-v1/0003"], ["The user tells when asked"]),
            (["tools"], ["return_loan", "write", "Get a member by number."]),
            (["tools", "return_loan"], ["Parameters", "loan_id", "Rules that may refuse it"]),
            (["entities"], ["members", "loans"]),
            (["entities", "loan"], ["due_on", "Life cycle of state", "Middlemarch"]),
            (["rules"], ["member_keeps_loan_member", "guards delete_member"]),
            (["rules", "loan_state_moves"], ["guards return_loan"]),
        ],
    )
    def test_one_part(self, library: Path, words: list[str], parts: list[str]):
        """A part, or one thing of it, is shown whole."""
        result = agentgym("show", library, *words)

        assert result.exit_code == 0, result.output
        for part in parts:
            assert part in result.stdout

    @pytest.mark.parametrize(
        ("words", "code", "hint"),
        [
            (["tols"], 2, "'tools'"),
            (["tools", "get_membr"], 2, "'get_member'"),
            (["entities", "lone"], 1, "'loan'"),
            (["tasks", "99"], 1, "tiny_library-v1/0001"),
            (["rules", "loan_state_move"], 1, "'loan_state_moves'"),
        ],
    )
    def test_nearest_name(self, library: Path, words: list[str], code: int, hint: str):
        """A name that is not there is answered with one that is."""
        assert hint in told(agentgym("show", library, *words), code)

    def test_no_domain(self, tmp_path: Path):
        """A folder without a domain is told as such."""
        assert "domain folder" in told(agentgym("show", tmp_path), 1)


class TestPlay:
    """A person as the policy."""

    def test_through_a_pipe(self, library: Path):
        """Tools are called by name and values, and the verdict ends the game."""
        lines = [
            "tools",
            "tool get_member",
            'find_member name="Zoë Müller"',
            "conclude outcome=done answer=12.5",
        ]
        result = agentgym("play", library, "--task", "1", input="\n".join(lines))

        assert result.exit_code == 0
        assert "What fees does Zoë Müller owe?" in result.stdout
        assert '"phone": "555-0102"' in result.stdout
        assert "\nSolved\n" in result.stdout

    def test_json_and_mistakes(self, library: Path):
        """JSON is taken as an agent's; a mistake is answered and costs no game."""
        lines = [
            '{"name": "get_member", "arguments": {"member_id": "x"}}',
            "get_membr member_id=1",
            "tool get_membr",
            'find_member name="unclosed',
            "help",
            "task",
            "quit",
        ]
        result = agentgym("play", library, "--task", "2", input="\n".join(lines))

        assert result.exit_code == 0
        for part in ("bad_arguments", "did you mean 'get_member'?", "key=value", "Not solved"):
            assert part in result.stdout

    def test_end_of_input_is_a_quit(self, library: Path):
        """Without a word the verdict is read as it stands."""
        result = agentgym("play", library, "--seed", "4", input="")

        assert result.exit_code == 0
        assert "Not solved" in result.stdout

    def test_unknown_task(self, library: Path):
        """A task that is not there is named."""
        assert "'77'" in told(agentgym("play", library, "--task", "77"), 1)


class TestRollout:
    """Recording episodes."""

    @pytest.mark.parametrize(("policy", "rate"), [("oracle", "100.0%"), ("noop", "0.0%")])
    def test_success_table(self, library: Path, tmp_path: Path, policy: str, rate: str):
        """The table says how many episodes succeed; the run file holds them all."""
        out = tmp_path / "runs.jsonl"
        result = agentgym("rollout", library, "--policy", policy, "--episodes", 7, "--out", out)

        assert result.exit_code == 0
        total = next(line for line in result.stdout.splitlines() if line.startswith("all"))
        assert total.split()[1] == "7"
        assert rate in total
        assert len(out.read_text().splitlines()) == 7

    def test_output_is_the_same_each_time(self, library: Path, tmp_path: Path):
        """Two runs print the same and write the same; seconds go to standard error."""
        words = ["rollout", library, "--policy", "random", "--episodes", 5, "--seed", 2]
        one = agentgym(*words, "--out", tmp_path / "runs.jsonl")
        first = (tmp_path / "runs.jsonl").read_bytes()
        two = agentgym(*words, "--out", tmp_path / "runs.jsonl")

        assert one.stdout == two.stdout
        assert first == (tmp_path / "runs.jsonl").read_bytes()
        assert " s]" in one.stderr

    def test_unknown_policy(self, library: Path, tmp_path: Path):
        """A policy that is not there is answered with the nearest, and nothing is written."""
        out = tmp_path / "runs.jsonl"
        result = agentgym("rollout", library, "--policy", "orcale", "--out", out)

        assert "'oracle'" in told(result, 2)
        assert list(tmp_path.iterdir()) == []

    def test_unwritable_place(self, library: Path, tmp_path: Path):
        """A run file cannot lie below a file."""
        (tmp_path / "file").write_text("")
        out = tmp_path / "file" / "runs.jsonl"

        told(agentgym("rollout", library, "--policy", "oracle", "--out", out), 2)


@pytest.fixture(scope="module")
def runs(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run file of the oracle."""
    out = tmp_path_factory.mktemp("runs") / "runs.jsonl"
    agentgym("rollout", library, "--policy", "oracle", "--episodes", 5, "--out", out)
    return out


class TestExport:
    """Files for training."""

    @pytest.mark.parametrize(
        ("format", "file"), [("adp", "full_std.jsonl"), ("openai", "train.jsonl")]
    )
    def test_writes_the_folder(self, runs: Path, tmp_path: Path, format: str, file: str):
        """Every success is a line of the format's main file."""
        result = agentgym("export", runs, "--format", format, "--out", tmp_path / "out")

        assert result.exit_code == 0
        assert "5 that succeeded" in result.stdout
        assert len((tmp_path / "out" / file).read_text().splitlines()) == 5

    def test_unknown_format(self, runs: Path, tmp_path: Path):
        """A format that is not there is answered with the nearest."""
        result = agentgym("export", runs, "--format", "adpp", "--out", tmp_path / "out")

        assert "'adp'" in told(result, 2)

    def test_missing_run_file(self, tmp_path: Path):
        """A path that leads nowhere is a mistake in use."""
        result = agentgym("export", tmp_path / "x", "--format", "adp", "--out", tmp_path / "out")

        assert "nothing" in told(result, 2)

    @pytest.mark.parametrize(
        "content", ["", "not json\n", '{"schema": "agentgym.trajectory/9"}\n', '{"a": 1}\n', "[]\n"]
    )
    def test_other_run_file(self, tmp_path: Path, content: str):
        """A file of another version, or of another kind, is refused whole."""
        (tmp_path / "runs.jsonl").write_text(content)
        result = agentgym(
            "export", tmp_path / "runs.jsonl", "--format", "adp", "--out", tmp_path / "out"
        )

        assert result.exit_code in (1, 2)
        told(result, result.exit_code)
        assert not (tmp_path / "out").exists()


class TestBuild:
    """From a database to a domain, and back to the proof."""

    def test_check_holds(self, zoo: Path):
        """A fresh domain holds all that it says."""
        result = agentgym("check", zoo)

        assert result.exit_code == 0, result.stdout
        assert result.stdout == "zoo: all 8 tasks hold, no file is stale\n"

    def test_output_is_for_a_newcomer(self, zoo: Path):
        """What is printed about a domain holds no codes of a terminal."""
        for words in (["show", zoo], ["show", zoo, "tasks"], ["show", zoo, "tasks", "1"]):
            result = agentgym(*words)

            assert result.exit_code == 0
            assert "\x1b" not in result.stdout
            assert all(line == line.rstrip() for line in result.stdout.splitlines())

    def test_oracle_wins_and_noop_does_not(self, zoo: Path):
        """On a built domain the oracle wins always and doing nothing never."""
        for policy, rate in (("oracle", "100.0%"), ("noop", "0.0%")):
            result = agentgym("rollout", zoo, "--policy", policy, "--episodes", 8)
            total = next(line for line in result.stdout.splitlines() if line.startswith("all"))

            assert rate in total

    def test_stale_then_sealed(self, zoo: Path, tmp_path: Path):
        """A change behind the manifest fails the check by name; `seal` brings it in order."""
        folder = shutil.copytree(zoo, tmp_path / "zoo")
        text = (folder / "domain.json").read_text()
        head = json.loads(text)
        (folder / "domain.json").write_text(text.replace(head["title"], "The Zoo"))

        stale = agentgym("check", folder)
        assert stale.exit_code == 1
        assert "domain.json differs from the manifest" in stale.stdout
        assert "agentgym seal" in told(agentgym("show", folder), 1)
        sealed = agentgym("seal", folder)
        assert sealed.exit_code == 0
        assert "8 tasks kept, 0 dropped" in sealed.stdout
        assert agentgym("check", folder).exit_code == 0

    def test_name_in_use(self, zoo: Path):
        """A domain that is there is not replaced without --force."""
        source = zoo.parent / "zoo.sqlite"
        before = (zoo / "manifest.json").read_bytes()

        assert "--force" in told(agentgym("build", source, "--out", zoo), 2)
        assert (zoo / "manifest.json").read_bytes() == before

    def test_in_a_process_of_its_own(self, zoo: Path):
        """As a user runs them, commands print the same, exit the same, and show no traceback."""
        for words in (["show", zoo], ["show", zoo, "nothing"], ["check", zoo.parent]):
            alone, here = in_process_of_its_own(*words), agentgym(*words)

            assert (alone.returncode, alone.stdout) == (here.exit_code, here.stdout)
            assert alone.stderr == here.stderr

    def test_force_gives_the_same_bytes(self, zoo: Path):
        """The same build again replaces the folder by an equal one."""
        before = {path.name: path.read_bytes() for path in zoo.iterdir()}
        words = ["--out", zoo, "--tasks", 8, "--seed", 3, "--force"]
        result = agentgym("build", zoo.parent / "zoo.sqlite", *words)

        assert result.exit_code == 0, result.stderr
        assert {path.name: path.read_bytes() for path in zoo.iterdir()} == before

    def test_source_that_is_not_there(self, tmp_path: Path):
        """A path that leads nowhere is a mistake in use."""
        assert "nothing" in told(agentgym("build", tmp_path / "x", "--out", tmp_path / "out"), 2)

    @pytest.mark.parametrize(
        "content", [b"", b"\x00\x01\x02", b"SQLite format 3\x00" + b"\x00" * 50]
    )
    def test_source_that_is_no_database(self, tmp_path: Path, content: bytes):
        """What cannot be read is one message, and nothing is written."""
        (tmp_path / "x.sqlite").write_bytes(content)
        result = agentgym("build", tmp_path / "x.sqlite", "--out", tmp_path / "out")

        told(result, 1)
        assert [path.name for path in tmp_path.iterdir()] == ["x.sqlite"]

    def test_folder_of_something_else(self, zoo: Path, tmp_path: Path):
        """A folder that holds other files is left alone, also with --force."""
        (tmp_path / "notes.txt").write_text("mine")
        result = agentgym("build", zoo.parent / "zoo.sqlite", "--out", tmp_path, "--force")

        told(result, 2)
        assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]

    @pytest.mark.parametrize("option", [["--tasks", "-1"], ["--rows", "0"], ["--nmae", "x"]])
    def test_bad_option(self, zoo: Path, tmp_path: Path, option: list[str]):
        """An option that is none, or out of range, exits with 2 and writes nothing."""
        result = agentgym("build", zoo.parent / "zoo.sqlite", "--out", tmp_path / "x", *option)

        assert result.exit_code == 2
        assert not (tmp_path / "x").exists()
