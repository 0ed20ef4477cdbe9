"""Each refusal by its code: plans by hand over a tiny library, each wrong in one way."""

from __future__ import annotations

from typing import Any

import pytest
import tiny

from agentgym.plan import (
    Aggregated,
    Choose,
    Computed,
    Emit,
    Fact,
    Guard,
    Limit,
    Link,
    Pick,
    Plan,
    Refuse,
    Select,
    Setting,
    Shift,
    Value,
    Where,
    Write,
)
from agentgym.plan import Test as Question
from agentgym.prove import Prover, RefusedError, lower_bound
from agentgym.prove.needs import must_see

ADA = Fact(id="f1", entity="member", field="name", value="Ada Byron")
ZOE = Fact(id="f1", entity="member", field="name", value="Zoë Müller")
EMMA = Fact(id="f2", entity="loan", field="title", value="Emma")
NOBODY = Fact(id="f1", entity="member", field="name", value="Nobody Atall")
NEW = Fact(id="f3", entity="member", field="phone", value="555-0199", exposure="user")
MEMBER = Select(id="n1", entity="member", where=(Where(field="name", fact="f1"),))
OF_MEMBER = Link(relation="loan_member", forward=True, node="n1")
LOANS = Select(id="n2", entity="loan", links=(OF_MEMBER,))
TITLED = Select(id="n2", entity="loan", where=(Where(field="title", fact="f2"),))


def plan(facts: tuple[Fact, ...], *nodes: Any, family: str = "lookup") -> Plan:
    """Make a plan."""
    return Plan(family=family, facts=facts, nodes=nodes)  # type: ignore[arg-type]


def written(**more: Any) -> Write:
    """Change the member's phone."""
    parts: dict[str, Any] = {"id": "n3", "kind": "update", "entity": "member", "target": "n1"}
    parts["settings"] = (Setting(field="phone", fact="f3"),)
    return Write(**(parts | more))


def ask(node: str, field: str | None, name: str = "n9", *, many: bool = False) -> Emit:
    """Ask for a value."""
    return Emit(id=name, node=node, field=field, many=many)


HIDDEN = Fact(id="f2", entity="loan", field="title", value="Middlemarch", exposure="hidden")
OWN = Select(id="n2", entity="loan", where=(Where(field="title", fact="f2"),), links=(OF_MEMBER,))
FEES = Fact(id="f4", entity="member", field="fees", value=5000)
UNIQUE = {
    "none": plan((NOBODY,), MEMBER, ask("n1", "phone")),
    "several": plan((ZOE,), MEMBER, LOANS, ask("n2", "title")),
    "few rows to count": plan(
        (ADA,), MEMBER, LOANS, Aggregated(id="n3", of="n2", function="count"), ask("n3", None)
    ),
    "few values": plan((ADA,), MEMBER, LOANS, ask("n2", "title", many=True)),
    "few rows to change": plan(
        (ADA, NEW), MEMBER, LOANS, written(entity="loan", target="n2", each=True)
    ),
    "row_there": plan(
        (ADA,), MEMBER, ask("n1", "phone"), Refuse(id="n8", act="n9", because="no_row", node="n1")
    ),
    "value_there": plan(
        (ADA,),
        MEMBER,
        ask("n1", "phone"),
        Refuse(id="n8", act="n9", because="no_value", node="n1", field="phone"),
    ),
    "twice": plan((ADA, NEW), MEMBER, written(), written(id="n4")),
    "hidden_idle": plan((ADA, HIDDEN), MEMBER, OWN, ask("n2", "due_on")),
    "shift_same": plan(
        (ADA, Fact(id="f5", entity="member", field="name", value="Ada Byron", exposure="user")),
        Select(id="n1", entity="member", where=(Where(field="name", fact="f5"),)),
        ask("n1", "phone"),
        Shift(id="n8", first="f1", then="f5"),
    ),
    "shift_used": plan(
        (ADA, Fact(id="f5", entity="member", field="name", value="Bo Li", exposure="user")),
        MEMBER,
        ask("n1", "phone"),
        Shift(id="n8", first="f1", then="f5"),
    ),
    "few to choose from": plan(
        (ADA,),
        Select(id="n1", entity="member"),
        Choose(id="n2", of="n1", count=3),
        ask("n2", "name"),
    ),
    "idle_limit": plan(
        (FEES,),
        Select(id="n1", entity="member"),
        Choose(id="n2", of="n1", count=2, limits=(Limit(kind="total", field="fees", fact="f4"),)),
        ask("n2", "name"),
    ),
}


@pytest.mark.parametrize("case", UNIQUE)
def test_unclear_plans_are_refused(case: str) -> None:
    """By the gate `unique`, with a code that says in what they are unclear."""
    with pytest.raises(RefusedError) as error:
        Prover(tiny.domain()).stage.unique.check(UNIQUE[case])

    assert error.value.gate == "unique"
    assert case.startswith(error.value.code), error.value


CLEAR = {
    "missing": plan(
        (NOBODY,),
        MEMBER,
        ask("n1", "phone"),
        Refuse(id="n8", act="n9", because="no_row", node="n1"),
    ),
    "hidden": plan(
        (ZOE, Fact(id="f2", entity="loan", field="title", value="Dune", exposure="hidden")),
        MEMBER,
        OWN,
        ask("n2", "due_on"),
    ),
    "branches": plan(
        (ADA, NEW, Fact(id="f5", entity="member", field="fees", value=1)),
        MEMBER,
        written(),
        written(id="n4", kind="delete", settings=()),
        Guard(
            id="n8",
            test=Question(left=Value(node="n1", field="fees"), op="gt", right=Value(fact="f5")),
            then=("n3",),
            otherwise=("n4",),
        ),
    ),
}


@pytest.mark.parametrize("case", CLEAR)
def test_clear_plans_pass(case: str) -> None:
    """Nothing where nothing should be, one of two where the user will say which, two branches."""
    assert Prover(tiny.domain()).stage.unique.check(CLEAR[case]).ok


# how many calls


LATEST = Select(id="n3", entity="loan", links=(OF_MEMBER,), pick=Pick(field="due_on", largest=True))
BOUNDS = {
    "a set": (plan((ZOE,), MEMBER, LOANS, ask("n2", "title", many=True)), {"n1", "n2"}, 2),
    "a sum of what is told": (
        plan(
            (ADA, FEES),
            Computed(id="n1", function="sum", of=(Value(fact="f4"), Value(fact="f4"))),
            ask("n1", None),
        ),
        set(),
        0,
    ),
    "a difference": (
        plan(
            (ZOE, FEES),
            MEMBER,
            Computed(
                id="n2",
                function="difference",
                of=(Value(node="n1", field="fees"), Value(fact="f4")),
            ),
            ask("n2", None),
        ),
        {"n1"},
        1,
    ),
    "nobody": (CLEAR["missing"], {"n1"}, 1),
    "a branch that is not taken": (
        plan(
            (ADA, EMMA, Fact(id="f5", entity="member", field="fees", value=1)),
            MEMBER,
            TITLED,
            ask("n2", "due_on", "n5"),
            ask("n1", "phone", "n6"),
            Guard(
                id="n8",
                test=Question(left=Value(node="n1", field="fees"), op="gt", right=Value(fact="f5")),
                then=("n5",),
                otherwise=("n6",),
            ),
        ),
        {"n1"},
        1,
    ),
    "the latest": (plan((ZOE,), MEMBER, LATEST, ask("n3", "title")), {"n1", "n3"}, 2),
}


@pytest.mark.parametrize("case", BOUNDS)
def test_bounds_by_hand(case: str) -> None:
    """What must be seen, and the fewest calls, for nodes of each kind."""
    domain, (made, seen, calls) = tiny.domain(), BOUNDS[case]
    prover = Prover(domain)
    wanted = [node.id for node in prover.tables.wanted(made)]

    assert set(must_see(made, domain.schema, wanted)) == seen
    assert lower_bound(made, domain.schema, domain.tools, prover.tables) == calls


def test_pages_are_calls() -> None:
    """Of a list of two rows a page, five rows take three calls."""
    domain = tiny.domain()
    titles = Fact(id="f1", entity="loan", field="loan_id", value=0)
    made = plan(
        (titles,),
        Select(id="n1", entity="loan", where=(Where(field="loan_id", op="gt", fact="f1"),)),
        ask("n1", "title", many=True),
    )
    prover = Prover(domain)
    page = [t for t in domain.tools if t.name == "list_member_loans"]
    short = [t.__class__(name=t.name, description=t.description, term=t.term.__class__(
        relation=t.term.relation, key=t.term.key, page_size=2)) for t in page]  # type: ignore[union-attr, call-arg]  # fmt: skip

    assert lower_bound(made, domain.schema, page, prover.tables) == 1
    assert lower_bound(made, domain.schema, short, prover.tables) == 2
    assert lower_bound(made, domain.schema, short) == 1


# ways around


def test_a_row_must_matter_to_some_end() -> None:
    """A row that one end needs may be idle for another; one that none needs is a detour."""
    prover = Prover(tiny.domain())
    loan = Select(
        id="n2", entity="loan", where=(Where(field="title", fact="f2"),), links=(OF_MEMBER,)
    )
    facts = (ADA, Fact(id="f2", entity="loan", field="title", value="Middlemarch"))
    idle = plan(facts, MEMBER, loan, ask("n2", "due_on"), family="update")
    both = plan(facts, MEMBER, loan, ask("n2", "due_on"), LATEST, ask("n3", "title", "n7"))

    with pytest.raises(RefusedError) as error:
        prover.stage.shortcuts.masks.check(idle, ["n9"])
    assert error.value.name == "no_shortcut.mask"
    assert prover.stage.shortcuts.masks.check(both, ["n9", "n7"]) > 0


def test_what_is_the_same_without_the_hop_is_a_detour() -> None:
    """The latest loan of the member who has the latest of all: who it is does not matter."""
    prover = Prover(tiny.domain())
    made = plan((ZOE,), MEMBER, LATEST, ask("n3", "title"))

    with pytest.raises(RefusedError) as error:
        prover.stage.shortcuts.masks.check(made, ["n9"])
    assert error.value.name == "no_shortcut.mask_all"


def test_a_vague_clue_must_leave_a_few_rows() -> None:
    """A clue that only one row has is its name, however it is told."""
    prover = Prover(tiny.domain())
    initial = Fact(id="f1", entity="member", field="name", value="Z")
    made = plan(
        (initial,),
        Select(id="n1", entity="member", where=(Where(field="name", fact="f1", of="initial"),)),
        ask("n1", "phone"),
    )

    with pytest.raises(RefusedError) as error:
        prover.stage.shortcuts.clues.check(made, ["n9"])
    assert error.value.name == "no_shortcut.support"
    assert prover.stage.shortcuts.clues.check(made, ["n9"], least=1) == 1
