"""The records of a domain: schema, rules, tools, rows, clock, and where it comes from.

They render themselves as the files of a domain folder. Next: `valid`, `folder`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from functools import cached_property

import msgspec

from agentgym.domain.patch import Patch, Patcher
from agentgym.domain.valid import check_parts
from agentgym.errors import DomainError, nearest
from agentgym.formats import FORMAT, Json, Record, encode, encode_lines, fingerprint
from agentgym.rules import Effect, Rule
from agentgym.schema import Schema
from agentgym.schema.types import Row, to_wire
from agentgym.tools.algebra import Tool

__all__ = ["Clock", "Domain", "Manifest", "Source", "later"]


_NAME = re.compile(r"[a-z][a-z0-9_]*")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
_LONGEST_STEP = 86_400


class Clock(Record, kw_only=True):
    """The logical clock of a domain: it never reads the real one."""

    start: str
    """UTC, `YYYY-MM-DDTHH:MM:SSZ`: later than what has happened in the rows."""
    step_s: int = 60
    """Seconds that pass with each turn."""

    def validate(self, *, where: str) -> None:
        """Check that it can run.

        Raises:
            DomainError: It starts at no time, or a turn has no sensible length.
        """
        try:
            started = _TIME.fullmatch(self.start) and dt.datetime.fromisoformat(self.start)
        except ValueError:
            started = None
        if not started or started.year > 9000:
            raise DomainError(
                "a time of the form YYYY-MM-DDTHH:MM:SSZ",
                found=repr(self.start),
                where=f"{where}.start",
                hint="use a time later than those in the rows",
            )
        if not 0 <= self.step_s <= _LONGEST_STEP:
            raise DomainError(
                f"0 to {_LONGEST_STEP} seconds",
                found=str(self.step_s),
                where=f"{where}.step_s",
                hint="60 is usual",
            )


class Source(Record, kw_only=True):
    """Where a domain comes from; recorded, never needed to play."""

    kind: str
    """`sqlite`, `sql`, `graph`, `openapi`, `compose` ...: the kind of the draft."""
    name: str
    """File name without its folder."""
    sha256: str
    dialect: str = ""
    options: dict[str, Json] = {}
    """What the build was asked for: seed, rows, focus, keep_personal."""
    rows: str = "imported"
    """`imported`, `synthetic`, or `mixed`."""
    tags: dict[str, str] = {}
    """What kind of domain it is: `industry`, `patterns`, `phase` (`general`, `vertical`)."""
    skipped: dict[str, int] = {}
    """What of the source was left out, by kind, with counts."""
    notes: tuple[str, ...] = ()


class Domain(Record, kw_only=True, dict=True):
    """Everything that an episode's world is made from."""

    name: str
    version: int = 1
    title: str
    """A heading for people: `Clinic`."""
    description: str
    """What the agent's job is here, in a few sentences: the system prompt opens with it."""
    schema: Schema
    rules: tuple[Rule, ...] = ()
    effects: tuple[Effect, ...] = ()
    tools: tuple[Tool, ...] = ()
    clock: Clock
    source: Source
    rows: dict[str, tuple[Row, ...]] = {}

    @cached_property
    def tool_by_name(self) -> dict[str, Tool]:
        """The tools by name."""
        return {tool.name: tool for tool in self.tools}

    @cached_property
    def world_hash(self) -> str:
        """SHA-256 over schema, rules, effects, tools, clock and rows."""
        return fingerprint(self.to_json() + b"\n" + self.rows_to_lines())

    @cached_property
    def patcher(self) -> Patcher:
        """What applies patches to the rows."""
        return Patcher(self.schema, self.rows)

    def patched(self, patch: Sequence[Patch], *, where: str = "patch") -> Domain:
        """Return the domain as the world of a task with this patch starts; without one, itself.

        Args:
            patch: The rows that are others.
            where: Whose patch it is, for messages.

        Raises:
            TaskError: The patch does not fit.
        """
        if not patch:
            return self
        found = self.patcher.differences(patch, where=where)
        return msgspec.structs.replace(self, rows=self.patcher.rows(found))

    @property
    def id(self) -> str:
        """`<name>-v<version>`."""
        return f"{self.name}-v{self.version}"

    def rule(self, name: str) -> Rule:
        """Return the rule of that id.

        Raises:
            DomainError: There is none.
        """
        for rule in self.rules:
            if rule.id == name:
                return rule
        raise DomainError(
            "a rule",
            found=repr(name),
            where=self.name,
            hint=nearest(name, [r.id for r in self.rules]),
        )

    def to_json(self) -> bytes:
        """Render `domain.json`: canonical, indented for people."""
        content = msgspec.structs.asdict(self)
        del content["rows"]
        return msgspec.json.format(encode({"format": FORMAT} | content), indent=1) + b"\n"

    def rows_to_lines(self) -> bytes:
        """Render `rows.jsonl`: one `{entity: row}` a line, in the order of schema and keys."""

        def lines() -> Iterable[dict[str, dict[str, Json]]]:
            for entity in self.schema.entities:
                for row in self.rows.get(entity.name, ()):
                    yield {
                        entity.name: {
                            f.name: to_wire(f, v) for f, v in zip(entity.fields, row, strict=True)
                        }
                    }

        return encode_lines(lines())

    def validate(self, *, where: str = "domain.json") -> None:
        """Check that schema, rules and tools fit together.

        Raises:
            DomainError: They do not; says where and what was probably meant.
        """
        if not _NAME.fullmatch(self.name):
            raise DomainError(
                "a name of small letters, digits and _ that begins with a letter",
                found=repr(self.name),
                where=f"{where} $.name",
                hint="undo the edit",
            )
        if self.version < 1:
            raise DomainError(
                "a version from 1",
                found=str(self.version),
                where=f"{where} $.version",
                hint="undo the edit",
            )
        self.clock.validate(where=f"{where} $.clock")
        check_parts(self.schema, self.rules, self.effects, self.tools, where=where)


class Manifest(Record, kw_only=True, omit_defaults=False):
    """What a domain folder holds, so that a change behind our back is seen."""

    format: int = FORMAT
    name: str
    generator_version: str
    world: str
    """World hash."""
    files: dict[str, str]
    """File name to SHA-256, for every file but this one."""


def later(moment: str, seconds: int) -> str:
    """Return the UTC time that many seconds after `moment`, in the same fixed form."""
    then = dt.datetime.fromisoformat(moment) + dt.timedelta(seconds=seconds)
    return then.strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")
