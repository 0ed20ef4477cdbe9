"""A tiny library, made by hand: two entities, eleven tools, five tasks.

Tests that need a domain folder without building one save this one; `suite` gives it
without a folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agentgym import rules as rule_room
from agentgym.domain import Clock, Domain, Manifest, Source
from agentgym.episode import Suite
from agentgym.formats import encode, encode_lines, fingerprint, replace_folder
from agentgym.goals.goal import Answer, Branch, Change, Goal, Seen
from agentgym.plan import Emit, Fact, Link, Plan, Select, Setting, Where, Write
from agentgym.schema import Entity, Field, Lifecycle, Relation, Schema
from agentgym.tasks import Certificate, Step, Task, UserScript
from agentgym.tools.algebra import (
    Aggregate,
    Argument,
    AskUser,
    Conclude,
    Create,
    CurrentTime,
    Delete,
    Filter,
    Find,
    Get,
    ListRelated,
    Tool,
    Transition,
    Update,
)

NAME = "tiny_library"

SCHEMA = Schema(
    entities=(
        Entity(
            name="member",
            label="member",
            plural="members",
            key=("member_id",),
            key_source="counter",
            fields=(
                Field(name="member_id", label="member number", type="integer", role="key"),
                Field(name="name", label="name", type="text", unique=True, role="person"),
                Field(name="phone", label="phone number", type="text", role="contact"),
                Field(name="fees", label="fees", type="decimal", scale=2, role="money"),
            ),
        ),
        Entity(
            name="loan",
            label="loan",
            plural="loans",
            key=("loan_id",),
            key_source="counter",
            fields=(
                Field(name="loan_id", label="loan number", type="integer", role="key"),
                Field(name="member_id", label="member number", type="integer", role="reference"),
                Field(name="title", label="title", type="text", role="label"),
                Field(name="due_on", label="due date", type="date", role="time"),
                Field(
                    name="state",
                    label="state",
                    type="enum",
                    values=("out", "back"),
                    default="out",
                    role="status",
                ),
            ),
        ),
    ),
    relations=(
        Relation(
            name="loan_member",
            entity="loan",
            fields=("member_id",),
            target="member",
            target_fields=("member_id",),
            label="member",
            inverse="loans",
        ),
    ),
    lifecycles=(
        Lifecycle(
            entity="loan", field="state", initial=("out",), moves={"out": ("back",), "back": ()}
        ),
    ),
)


def _arg(field: str, words: str, *, required: bool = True) -> Argument:
    return Argument(param=field, field=field, description=words, required=required)


_MEMBER = (_arg("member_id", "Number of the member."),)
_LOAN = (_arg("loan_id", "Number of the loan."),)

RULES = rule_room.derive(SCHEMA)
TOOLS = (
    Tool(
        name="get_member",
        description="Get a member by number.",
        term=Get(entity="member", key=_MEMBER),
    ),
    Tool(
        name="find_member",
        description="Find a member by name.",
        term=Find(entity="member", by=(_arg("name", "Full name."),)),
    ),
    Tool(
        name="list_member_loans",
        description="List the loans of a member.",
        term=ListRelated(
            relation="loan_member",
            key=_MEMBER,
            filters=(
                Filter(param="state", field="state", op="eq", description="Only in this state."),
            ),
            sorts=("due_on",),
        ),
    ),
    Tool(
        name="count_loans",
        description="Count loans.",
        term=Aggregate(
            entity="loan",
            functions=("count",),
            fields=(),
            filters=(
                Filter(param="state", field="state", op="eq", description="Only in this state."),
            ),
        ),
    ),
    Tool(
        name="create_loan",
        description="Lend a book.",
        term=Create(
            entity="loan",
            values=(
                _arg("member_id", "Who borrows it."),
                _arg("title", "Title of the book."),
                _arg("due_on", "When it is due."),
            ),
        ),
    ),
    Tool(
        name="update_member",
        description="Change a member.",
        term=Update(
            entity="member",
            key=_MEMBER,
            values=(
                _arg("phone", "New phone number.", required=False),
                _arg("fees", "New fees.", required=False),
            ),
        ),
    ),
    Tool(
        name="return_loan",
        description="Change the state of a loan.",
        term=Transition(entity="loan", key=_LOAN, to=_arg("state", "New state.")),
        guards=("loan_state_moves",),
    ),
    Tool(
        name="delete_member",
        description="Delete a member.",
        term=Delete(entity="member", key=_MEMBER),
        guards=("member_keeps_loan_member",),
    ),
    Tool(name="current_time", description="Get the present time.", term=CurrentTime()),
    Tool(name="ask_user", description="Ask the user.", term=AskUser()),
    Tool(name="conclude", description="End the task.", term=Conclude()),
)

ROWS: dict[str, tuple[tuple[Any, ...], ...]] = {
    "member": (
        (1, "Ada Byron", "555-0101", 0),
        (2, "Zoë Müller", "555-0102", 1250),
        (3, "Bo Li", "555-0103", 75),
    ),
    "loan": (
        (1, 1, "Middlemarch", "2026-02-01", "out"),
        (2, 2, "Dune", "2026-01-15", "back"),
        (3, 2, "Emma", "2026-03-01", "out"),
        (4, 3, "Persuasion", "2026-02-11", "out"),
    ),
}


def domain() -> Domain:
    """Return the domain."""
    return Domain(
        name=NAME,
        title="Tiny library",
        description="You help the members of a small library.",
        schema=SCHEMA,
        rules=RULES,
        tools=TOOLS,
        clock=Clock(start="2026-06-01T08:00:00Z"),
        source=Source(kind="sql", name="tiny.sql", sha256="0" * 64),
        rows=ROWS,
    )


def tasks() -> tuple[Task, ...]:
    """Return the tasks: lookup, multi-hop, update with a held-back fact, create, transition."""
    ada = Fact(id="f1", entity="member", field="name", value="Ada Byron")
    zoe = Fact(id="f1", entity="member", field="name", value="Zoë Müller")
    phone = Fact(id="f2", entity="member", field="phone", value="555-0199", exposure="user")
    title = Fact(id="f2", entity="loan", field="title", value="Ulysses", exposure="user")
    due = Fact(id="f3", entity="loan", field="due_on", value="2026-07-01", exposure="user")
    out = Fact(id="f2", entity="loan", field="state", value="out")
    back = Fact(id="f3", entity="loan", field="state", value="back")
    member = Select(id="n1", entity="member", where=(Where(field="name", fact="f1"),))
    to_member = (Link(relation="loan_member", forward=True, node="n1"),)
    find = {"name": "fact:f1"}
    return (
        _task(
            1,
            "lookup",
            "What fees does Zoë Müller owe?",
            (zoe,),
            (member, Emit(id="n2", node="n1", field="fees")),
            (_step("find_member", {"name": zoe.value}, find, "n1"),),
            Branch(
                answers=(Answer(entity="member", field="fees", values=(12.5,)),),
                seen=(Seen(entity="member", key=(2,)),),
            ),
            answer=12.5,
        ),
        _task(
            2,
            "multi_hop",
            "Which book has Ada Byron borrowed?",
            (ada,),
            (
                member,
                Select(id="n2", entity="loan", links=to_member),
                Emit(id="n3", node="n2", field="title"),
            ),
            (
                _step("find_member", {"name": ada.value}, find, "n1"),
                _step(
                    "list_member_loans", {"member_id": 1}, {"member_id": "call:0:member_id"}, "n2"
                ),
            ),
            Branch(
                answers=(Answer(entity="loan", field="title", values=("Middlemarch",)),),
                seen=(Seen(entity="loan", key=(1,)),),
            ),
            answer="Middlemarch",
        ),
        _task(
            3,
            "update",
            "I am Ada Byron. Please change my phone number.",
            (ada, phone),
            (
                member,
                Write(
                    id="n2",
                    kind="update",
                    entity="member",
                    target="n1",
                    settings=(Setting(field="phone", fact="f2"),),
                ),
            ),
            (
                _step("find_member", {"name": ada.value}, find, "n1"),
                _step(
                    "update_member",
                    {"member_id": 1, "phone": phone.value},
                    {"member_id": "call:0:member_id", "phone": "fact:f2"},
                    "n2",
                ),
            ),
            Branch(
                changes=(
                    Change(entity="member", kind="update", key=(1,), values={"phone": "555-0199"}),
                )
            ),
            questions={"f2": "the new phone number"},
        ),
        _task(
            4,
            "update",
            "Zoë Müller wants to borrow a book.",
            (zoe, title, due),
            (
                member,
                Write(
                    id="n2",
                    kind="create",
                    entity="loan",
                    settings=(
                        Setting(field="member_id", node="n1", source="member_id"),
                        Setting(field="title", fact="f2"),
                        Setting(field="due_on", fact="f3"),
                    ),
                ),
            ),
            (
                _step("find_member", {"name": zoe.value}, find, "n1"),
                _step(
                    "create_loan",
                    {"member_id": 2, "title": title.value, "due_on": due.value},
                    {"member_id": "call:0:member_id", "title": "fact:f2", "due_on": "fact:f3"},
                    "n2",
                ),
            ),
            Branch(
                changes=(
                    Change(
                        entity="loan",
                        kind="insert",
                        values={
                            "member_id": 2,
                            "title": "Ulysses",
                            "due_on": "2026-07-01",
                            "state": "out",
                        },
                        free=("loan_id",),
                    ),
                )
            ),
            questions={"f2": "the title of the book", "f3": "the due date"},
        ),
        _task(
            5,
            "update",
            "Ada Byron has brought her borrowed book back. Please record it.",
            (ada, out, back),
            (
                member,
                Select(
                    id="n2",
                    entity="loan",
                    where=(Where(field="state", fact="f2"),),
                    links=to_member,
                ),
                Write(
                    id="n3",
                    kind="transition",
                    entity="loan",
                    target="n2",
                    settings=(Setting(field="state", fact="f3"),),
                ),
            ),
            (
                _step("find_member", {"name": ada.value}, find, "n1"),
                _step(
                    "list_member_loans",
                    {"member_id": 1, "state": "out"},
                    {"member_id": "call:0:member_id", "state": "fact:f2"},
                    "n2",
                ),
                _step(
                    "return_loan",
                    {"loan_id": 1, "state": "back"},
                    {"loan_id": "call:1:items.0.loan_id", "state": "fact:f3"},
                    "n3",
                ),
            ),
            Branch(
                changes=(Change(entity="loan", kind="update", key=(1,), values={"state": "back"}),)
            ),
        ),
    )


def _step(tool: str, arguments: dict[str, Any], origin: dict[str, str], node: str) -> Step:
    return Step(tool=tool, arguments=arguments, origin=origin, node=node)


def _task(
    number: int,
    family: Any,
    instruction: str,
    facts: tuple[Fact, ...],
    nodes: tuple[Any, ...],
    gold: tuple[Step, ...],
    branch: Branch,
    *,
    answer: Any = None,
    questions: dict[str, str] | None = None,
) -> Task:
    return Task(
        id=f"{NAME}-v1/{number:04d}",
        family=family,
        split="test" if number == 5 else "train",
        instruction=instruction,
        user=UserScript(opening=instruction, facts=facts, questions=questions or {}),
        tools=tuple(tool.name for tool in TOOLS),
        plan=Plan(family=family, facts=facts, nodes=nodes),
        goal=Goal(branches=(branch,)),
        gold=gold,
        answer=answer,
        measured={"min_calls": len(gold)},
        certificate=Certificate(gates=(), mutants=0, start="", end=""),
    )


def suite(*, max_turns: int = 30) -> Suite:
    """Return the suite, without a folder."""
    return Suite(domain(), tasks(), max_turns=max_turns)


def save(folder: Path) -> Path:
    """Write the domain's folder, sealed, and return it."""
    made = domain()
    files = {
        "domain.json": made.to_json(),
        "rows.jsonl": made.rows_to_lines(),
        "tasks.jsonl": encode_lines(tasks()),
        "policy.md": b"# Tiny library\n",
    }
    manifest = Manifest(
        name=NAME,
        generator_version="0",
        world=made.world_hash,
        files={name: fingerprint(content) for name, content in files.items()},
    )
    replace_folder(folder, files | {"manifest.json": encode(manifest) + b"\n"})
    return folder
