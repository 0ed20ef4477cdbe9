"""Verdicts on whole endings: refusals, what is missing, evidence, idle ends, every corruption."""

from __future__ import annotations

from typing import Any

import pytest
import tiny
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from agentgym.goals.goal import Answer, Branch, Change, Goal, Seen
from agentgym.goals.reasons import RuleNames
from agentgym.goals.verdict import Ending, Judge, Verdict
from agentgym.rules import sentence
from agentgym.trajectory import Call
from agentgym.world import RowChange
from agentgym.world.compile import Engine

DOMAIN = tiny.domain()
JUDGE = Judge(DOMAIN)
KEEPS, MOVES = "member_keeps_loan_member", "loan_state_moves"


def end(*calls: tuple[str, dict[str, Any]], outcome: str | None = "done", **more: Any) -> Ending:
    """Make calls in a fresh world, and return how that ended."""
    engine = Engine(DOMAIN)
    world = engine.world()
    made = []
    for number, (name, arguments) in enumerate(calls):
        call = Call(id=f"c{number}", name=name, arguments=arguments)
        made.append((call, engine.call(world, name, arguments)))
    changes = world.diff()
    world.close()
    return Ending(outcome=outcome, changes=changes, calls=tuple(made), **more)


def judged(branch: Branch, ending: Ending, *others: Branch, said: str = "") -> Verdict:
    """Judge an ending by one branch, or several."""
    return JUDGE.verdict(Goal(branches=(branch, *others)), ending, instruction=said)


Said = tuple[str, dict[str, Any]]
LOOK: Said = ("get_member", {"member_id": 2})
BARRED: Said = ("delete_member", {"member_id": 2})
REFUSED = Branch(
    outcome="refused", rules=(KEEPS,), seen=(Seen(entity="member", key=(2,), barred=(KEEPS,)),)
)


@pytest.mark.parametrize(
    "reason",
    [
        KEEPS,
        f"Rule [{KEEPS}] forbids it.",
        f"{KEEPS} and {MOVES}",
        "A member can be deleted only while no loan refers to it.",
        "I may not delete this member: a loan still refers to it.",
    ],
)
def test_a_refusal_names_its_rule(reason: str) -> None:
    """By id or in words; and after a look at the row, or a call that was refused by the rule."""
    for calls in ([LOOK], [BARRED], [LOOK, BARRED]):
        verdict = judged(REFUSED, end(*calls, outcome="refused", reason=reason))
        assert verdict.success, verdict.reasons
    assert judged(REFUSED, end(LOOK, outcome="refused", answer=reason)).success


@pytest.mark.parametrize(
    "reason",
    [
        None,
        "",
        "A rule forbids it.",
        "It cannot be done.",
        MOVES,
        f"not{KEEPS}",
        sentence(DOMAIN.rule(MOVES), DOMAIN.schema),
    ],
)
def test_a_refusal_that_names_none(reason: str | None) -> None:
    """No reason, a vague one, or another rule is no refusal."""
    verdict = judged(REFUSED, end(LOOK, outcome="refused", reason=reason))
    assert verdict.terms == dict.fromkeys(verdict.terms, 1.0) | {"success": 0.0, "outcome": 0.0}
    assert "expected a reason that names the rule" in verdict.reasons[0]


def test_reciting_the_manual_names_no_rule() -> None:
    """Three rules and more are none, by ids and by words."""
    first = DOMAIN.rules[0]
    more = [replace(first, id=f"rule_{n}") for n in range(3)]
    names = RuleNames([*DOMAIN.rules, *more], DOMAIN.schema)

    assert names.flaw(f"rule_0, rule_1 and {KEEPS}", (KEEPS,))
    assert names.flaw(f"rule_0 and {KEEPS}", (KEEPS,)) is None
    every = " ".join(sentence(rule, DOMAIN.schema) for rule in [*DOMAIN.rules, *more])
    assert names.flaw(every, (KEEPS,))
    assert "fits 5 rules" in str(names.flaw(every, (KEEPS,)))


def test_a_plain_word_as_an_id_must_be_marked() -> None:
    """A rule that is called `deposit` is not named by any sentence about a deposit."""
    names = RuleNames([replace(DOMAIN.rules[0], id="deposit"), DOMAIN.rules[1]], DOMAIN.schema)

    assert names.flaw("the deposit is missing", ("deposit",))
    for said in ("rule deposit", "[deposit]", "`deposit` says no"):
        assert names.flaw(said, ("deposit",)) is None


def test_a_refusal_needs_evidence_and_leaves_everything() -> None:
    """Guessing that it is forbidden, changing something, or another outcome does not pass."""
    guessed = judged(REFUSED, end(outcome="refused", reason=KEEPS))
    assert guessed.terms["evidence"] == 0.0
    assert KEEPS in guessed.reasons[0]
    assert not judged(
        REFUSED, end(("get_member", {"member_id": 1}), outcome="refused", reason=KEEPS)
    ).success
    wrote = end(
        LOOK, ("update_member", {"member_id": 2, "phone": "1"}), outcome="refused", reason=KEEPS
    )
    assert judged(REFUSED, wrote).terms["frame"] == 0.0
    for outcome in ("done", "impossible", None):
        assert not judged(REFUSED, end(LOOK, outcome=outcome, reason=KEEPS)).success
    assert not judged(REFUSED, end()).success


GONE = Branch(
    outcome="impossible",
    names=(("member", "borrower"), ("Zoë Müller",), ("2026-03-05",)),
    seen=(Seen(entity="member", nothing=True),),
)


def test_what_is_missing_is_named() -> None:
    """Each thing by one of its names, whole words, whatever the case and diacritics."""
    looked = ("find_member", {"name": "Nobody At All"})

    def good(reason: str | None, *calls: tuple[str, dict[str, Any]]) -> bool:
        return judged(GONE, end(*(calls or (looked,)), outcome="impossible", reason=reason)).success

    assert good("There is no member ZOE MULLER on March 5, 2026.")
    assert good("No borrower called Zoë Müller (2026-03-05)")
    assert not good("There is no member Zoë Müller.")
    assert not good("No members called Zoë Müllers, 2026-03-05")
    assert not good("There is no Zoë Müller on 2026-03-05")
    assert not good(None)
    told = "No member Zoë Müller, 2026-03-05"
    assert good(told, ("get_member", {"member_id": 99}))
    assert good(told, ("get_member", {"member_id": 1}))
    assert not good(told, ("get_member", {"member_id": "x"}))
    assert not good(told, ("count_loans", {}))
    assert not good(told, ("current_time", {}))


def test_nothing_found_in_a_list() -> None:
    """An empty list shows that there is none; a list of others does not show the row."""
    keyed = Branch(outcome="impossible", seen=(Seen(entity="loan", key=(9,), nothing=True),))
    empty = ("list_member_loans", {"member_id": 1, "state": "back"})
    others = ("list_member_loans", {"member_id": 1})

    assert judged(keyed, end(empty, outcome="impossible")).success
    assert not judged(keyed, end(others, outcome="impossible")).success


IDLE = Branch(answers=(Answer(entity="loan", function="sum", values=(12,)),), idle=True)


def test_idle() -> None:
    """No look at rows, refused or not; the clock, sums and questions are free."""
    free: tuple[tuple[str, dict[str, Any]], ...] = (
        ("current_time", {}),
        ("ask_user", {"question": "How many?"}),
    )

    assert judged(IDLE, end(answer=12)).success
    assert judged(IDLE, end(*free, answer=12)).success
    for call in (LOOK, ("get_member", {"member_id": 99}), ("count_loans", {}), BARRED):
        verdict = judged(IDLE, end(call, answer=12))
        assert verdict.terms["evidence"] == 0.0
        assert call[0] in verdict.reasons[0]
    assert not judged(IDLE, end(answer=13)).success


def test_several_branches() -> None:
    """Any of them will do; the reasons are those of the nearest."""
    other = Branch(changes=(Change(entity="member", kind="update", key=(1,), values={"fees": 5}),))

    assert judged(other, end(LOOK, outcome="refused", reason=KEEPS), REFUSED).success
    assert judged(other, end(("update_member", {"member_id": 1, "fees": 5})), REFUSED).success
    near = judged(other, end(("update_member", {"member_id": 1, "fees": 6})), REFUSED)
    assert near.reasons == (
        "done otherwise: change member 1 (fees = 6.00), expected change member 1 (fees = 5)",
    )


def test_slots_are_divided_by_name_or_order() -> None:
    """An object by the names of its fields, a list in order, a text by its parts."""
    slots = (
        Answer(entity="member", field="name", values=("Ada Byron",)),
        Answer(entity="member", field="phone", values=("555-0101",)),
    )
    branch = Branch(answers=slots)
    for told in (
        ["Ada Byron", "555-0101"],
        {"phone number": "555-0101", "name": "Ada Byron"},
        {"member_phone": "555-0101", "member_name": "Ada Byron"},
        {"first": "Ada Byron", "second": "555-0101"},
        "Ada Byron, 555-0101",
        "Name: Ada Byron\nPhone: 555-0101",
    ):
        assert judged(branch, end(answer=told)).success, told
    wrong: list[Any] = [
        ["555-0101", "Ada Byron"],
        {"phone": "Ada Byron", "name": "555-0101"},
        {"first": "555-0101", "second": "Ada Byron"},
        ["Ada Byron"],
        ["Ada Byron", "555-0101", "x"],
        "Ada Byron",
        None,
    ]
    for one in wrong:
        assert not judged(branch, end(answer=one)).success, one


# every corruption of a right ending

CREATE: Said = ("create_loan", {"member_id": 2, "title": "Ulysses", "due_on": "2026-07-01"})
UPDATE: Said = ("update_member", {"member_id": 1, "phone": "555-0199", "fees": 3})
RETURN: Said = ("return_loan", {"loan_id": 1, "state": "back"})
RIGHT = end(
    ("find_member", {"name": "Zoë Müller"}),
    LOOK,
    CREATE,
    UPDATE,
    RETURN,
    answer=["12.50", ["Dune", "Emma"]],
)
LOAN = {"member_id": 2, "title": "Ulysses", "due_on": "2026-07-01", "state": "out"}
WHOLE = Branch(
    changes=(
        Change(entity="loan", kind="insert", values=LOAN, free=("loan_id",)),
        Change(entity="member", kind="update", key=(1,), values={"phone": "555-0199", "fees": 3}),
        Change(entity="loan", kind="update", key=(1,), values={"state": "back"}),
    ),
    answers=(
        Answer(entity="member", field="fees", values=(12.5,)),
        Answer(entity="loan", field="title", values=("Dune", "Emma"), many=True),
    ),
    seen=(Seen(entity="member", key=(2,)),),
)


def _other(field: Any, value: Any, draw: Any) -> Any:
    """Draw another stored value of a field."""
    if field.type == "enum":
        return next(v for v in field.values if v != value)
    if field.type == "text":
        return draw(st.text("abc ", min_size=1).filter(lambda text: text != value))
    if field.type == "date":
        return draw(st.dates().map(str).filter(lambda day: day != value))
    return draw(st.integers(-(10**6), 10**6).filter(lambda number: number != value))


@st.composite
def corrupted(draw: st.DrawFn) -> Ending:
    """Draw the right ending with one thing in it that is not right."""
    kind = draw(
        st.sampled_from(
            "value key dropped added answer member outcome truncated evidence none".split()
        )
    )
    changes = list(RIGHT.changes)
    place = draw(st.integers(0, len(changes) - 1))
    victim = changes[place]
    entity = DOMAIN.schema.entity(victim.entity)
    assert victim.after is not None
    match kind:
        case "value":
            at = draw(st.integers(1, len(victim.after) - 1))
            value = _other(entity.fields[at], victim.after[at], draw)
            if victim.before is not None and value == victim.before[at]:
                value = None
            after = (*victim.after[:at], value, *victim.after[at + 1 :])
            changes[place] = replace(victim, after=after)
        case "key":
            if victim.before is None:
                changes[place] = replace(victim, entity="member", after=(9, "x", "y", 0))
            else:
                before, after = (3, *victim.before[1:]), (3, *victim.after[1:])
                changes[place] = replace(victim, key=(3,), before=before, after=after)
        case "dropped":
            del changes[place]
        case "added":
            row = (3, "Bo Li", "555-0103", 75)
            gone = draw(st.sampled_from([None, (*row[:3], 76), (3, "Bo Lo", *row[2:])]))
            changes.append(RowChange(entity="member", key=(3,), before=row, after=gone))
        case "answer":
            other: Any = draw(
                st.sampled_from(["12.51", 0, "0.75", "12.50 or 0.75", None, "", [], "75"])
            )
            return replace(RIGHT, answer=[other, ["Dune", "Emma"]])
        case "member":
            titles = draw(
                st.lists(st.sampled_from(["Dune", "Emma", "Persuasion", "Middlemarch"])).filter(
                    lambda found: set(found) != {"Dune", "Emma"}
                )
            )
            return replace(
                RIGHT, answer=["12.50", draw(st.sampled_from([titles, ", ".join(titles)]))]
            )
        case "outcome":
            return replace(RIGHT, outcome=draw(st.sampled_from(["refused", "impossible", None])))
        case "truncated":
            return replace(RIGHT, truncated=True)
        case "evidence":
            return replace(RIGHT, calls=RIGHT.calls[2:])
        case _:
            return replace(RIGHT, answer=None)
    return replace(RIGHT, changes=tuple(changes))


def test_the_right_ending_passes() -> None:
    """As it is, and in other words."""
    assert judged(WHOLE, RIGHT).reasons == ()
    assert judged(WHOLE, replace(RIGHT, answer=["€12.50", "Emma and Dune"])).success


@given(corrupted())
def test_any_corruption_fails(ending: Ending) -> None:
    """One value, row, key, call, member or word that is another one, and it fails with a reason."""
    verdict = judged(WHOLE, ending)

    assert not verdict.success
    assert verdict.reasons
    assert not verdict.unknown
    assert all(len(reason) > 15 for reason in verdict.reasons)


def test_undone_and_twice() -> None:
    """What was undone did not happen; what was done twice was done once too often."""
    back = ("update_member", {"member_id": 3, "phone": "555-0103"})
    away = ("update_member", {"member_id": 3, "phone": "1"})
    gold: list[Said] = [("find_member", {"name": "Zoë Müller"}), LOOK, CREATE, UPDATE, RETURN]
    answer = ["12.50", ["Dune", "Emma"]]

    assert judged(WHOLE, end(*gold, away, back, answer=answer)).success
    assert not judged(WHOLE, end(*gold, away, answer=answer)).success
    twice = judged(WHOLE, end(*gold, CREATE, answer=answer))
    assert twice.reasons[0].startswith("not asked for: create loan")
    assert judged(WHOLE, end(*gold, UPDATE, answer=answer)).success
