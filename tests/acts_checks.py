"""What each family of tasks that write or cannot be done promises, checked on one plan."""

from __future__ import annotations

from desks import Judge, rows_of

from agentgym.domain import Domain
from agentgym.formats import encode
from agentgym.plan import Computed, Emit, Guard, Plan, Refuse, Select, Shift, Write, told
from agentgym.rules import NoChildren
from agentgym.tasks.knobs import Candidate
from agentgym.tasks.writes import Writer
from agentgym.tasks.writing.plans import acts_of, crowds, rests_on
from agentgym.tasks.writing.vague import unhidden

FAMILIES = (
    "update",
    "multi_write",
    "conditional",
    "policy_bound",
    "refusal",
    "unanswerable",
    "ambiguous",
    "shift",
    "long_horizon",
)
DONE = ("update", "multi_write", "policy_bound", "ambiguous", "shift", "long_horizon")


def writes(plan: Plan) -> list[Write]:
    return [node for node in plan.nodes if isinstance(node, Write)]


def check(domain: Domain, writer: Writer, judge: Judge, candidate: Candidate, family: str) -> None:
    """Hold a candidate to what its family promises."""
    plan = candidate.plan
    assert plan.family == family
    assert encode(told(told(plan))) == encode(told(plan))
    used = {fact for node in plan.nodes for fact in facts_of(node)}
    used |= set(plan.party.facts) if plan.party else set()
    assert {fact.id for fact in plan.facts} == used, "a fact is of no use"
    check_rows(domain, plan)
    check_settings(domain, writer, plan)
    if family in DONE:
        results = judge.play(plan, writes(plan))
        assert all(result.ok for result in results), [r.error for r in results]
        assert not any(result.breaches for result in results)
        assert judge.changes() or not writes(plan)
    if family == "refusal":
        check_refusal(domain, judge, plan)
    elif family == "unanswerable":
        check_unanswerable(domain, candidate)
    elif family == "ambiguous":
        check_ambiguous(domain, plan)
    elif family == "shift":
        check_shift(plan)
    elif family == "conditional":
        check_conditional(writer, judge, plan)
    elif family == "multi_write":
        assert len(writes(plan)) >= 2 or writes(plan)[0].each
    elif family == "long_horizon":
        assert 10 <= writer.cost(plan) <= 40
        assert len(acts_of(plan)) > 2


def facts_of(node: object) -> list[str]:
    match node:
        case Select():
            return [where.fact for where in node.where]
        case Write():
            return [one.fact for one in node.settings if one.fact is not None]
        case Computed():
            return [one.fact for one in node.of if one.fact is not None]
        case Guard():
            sides = (node.test.left, node.test.right)
            return [one.fact for one in sides if one is not None and one.fact is not None]
        case Shift():
            return [node.first, node.then]
        case _:
            return []


def check_rows(domain: Domain, plan: Plan) -> None:
    """Clues leave one row, where one is meant."""
    several, missing = crowds(plan), {n.node for n in plan.nodes if isinstance(n, Refuse)}
    if not any(isinstance(n, Refuse) and n.because == "no_row" for n in plan.nodes):
        missing = set()
    for node in plan.nodes:
        if not isinstance(node, Select) or rests_on(plan, node.id) & missing:
            continue
        found = rows_of(plan, domain, node.id)
        if node.id not in several:
            assert len(found) == 1, node
        elif any(w.target == node.id for w in writes(plan)):
            assert 2 <= len(found) <= 8


def check_settings(domain: Domain, writer: Writer, plan: Plan) -> None:
    """Nobody sets what the world computes or notes, and new values differ from the old ones."""
    for write in writes(plan):
        owner = domain.schema.entity(write.entity)
        assert owner.kind != "log"
        wished = any(isinstance(n, Refuse) and n.because != "no_row" for n in plan.nodes)
        for setting in write.settings:
            field = owner.field(setting.field)
            assert field.role not in ("audit", "key", "secret")
            if write.kind == "update" and not wished:
                assert (owner.name, field.name) not in domain.schema.computed
                if field.type in ("date", "datetime"):
                    assert writer.changeable.ahead(owner, field)


def check_refusal(domain: Domain, judge: Judge, plan: Plan) -> None:
    """Exactly the named rule bars the act: without it, it can be done."""
    (refuse,) = (node for node in plan.nodes if isinstance(node, Refuse))
    assert refuse.because == "rule"
    rule = domain.rule(str(refuse.rule))
    (write,) = writes(plan)
    results = judge.play(plan, [write])
    if rule.enforced:
        (result, *_) = [one for one in results if not one.ok]
        assert result.error is not None
        assert result.error.rule == rule.id
        assert not all(one.ok for one in results)
    else:
        assert all(result.ok for result in results)
        assert any(rule.id in result.breaches for result in results)
    if not isinstance(rule.predicate, NoChildren):
        freed = judge.without(rule.id)
        assert all(one.ok and not one.breaches for one in freed.play(plan, [write]))


def check_unanswerable(domain: Domain, candidate: Candidate) -> None:
    """What is missing is missing, and by one thing only."""
    plan = candidate.plan
    refusals = [node for node in plan.nodes if isinstance(node, Refuse)]
    assert {one.act for one in refusals} == {act.id for act in acts_of(plan)}
    for one in refusals:
        match one.because:
            case "no_row":
                node = plan.node(str(one.node))
                assert isinstance(node, Select)
                assert rows_of(plan, domain, node.id) == []
                for link in node.links:
                    assert rows_of(plan, domain, link.node)
            case "no_value":
                (row,) = rows_of(plan, domain, str(one.node))
                act = plan.node(one.act)
                assert isinstance(act, Emit)
                owner = domain.schema.entity(plan.node(act.node).entity)  # type: ignore[union-attr]
                assert row[owner.position(str(one.field))] is None
            case "no_tool":
                act = plan.node(one.act)
                assert isinstance(act, Write)
                absent = candidate.view.get("absent", ())
                for tool in domain.tools:
                    if tool.name not in absent:
                        assert not can(tool, act)
            case other:
                raise AssertionError(other)


def can(tool: object, act: Write) -> bool:
    """Tell whether a tool's own term names what a write wants."""
    term = tool.term  # type: ignore[attr-defined]
    steps = [step.term for step in getattr(term, "steps", ())] or [term]
    for step in steps:
        if getattr(step, "entity", None) != act.entity:
            continue
        kind = type(step).__name__.lower()
        if act.kind == "delete" and kind in ("delete", "unlink"):
            return True
        if act.kind == "update" and kind == "update":
            if {a.field for a in step.values} & {s.field for s in act.settings}:
                return True
    return False


def check_ambiguous(domain: Domain, plan: Plan) -> None:
    """Without the hidden fact, two to five rows are left."""
    hidden = [fact for fact in plan.facts if fact.exposure == "hidden"]
    assert len(hidden) == 1
    (node,) = (
        node
        for node in plan.nodes
        if isinstance(node, Select) and hidden[0].id in {w.fact for w in node.where}
    )
    left = rows_of(unhidden(plan), domain, node.id)
    assert 2 <= len(left) <= 5
    for act in acts_of(plan):
        if isinstance(act, Emit) and act.node == node.id:
            place = domain.schema.entity(node.entity).position(str(act.field))
            assert len({row[place] for row in left}) > 1


def check_shift(plan: Plan) -> None:
    """What is said first is of no use, differs, and some other fact is held back."""
    (node,) = (node for node in plan.nodes if isinstance(node, Shift))
    first, then = plan.fact(node.first), plan.fact(node.then)
    assert first.value != then.value
    assert (first.entity, first.field) == (then.entity, then.field)
    assert (first.exposure, then.exposure) == ("instruction", "user")
    others = [one for one in plan.facts if one.exposure == "user" and one.id != then.id]
    assert others


def check_conditional(writer: Writer, judge: Judge, plan: Plan) -> None:
    """The rows decide, either act could be done, and they do not come to the same."""
    (guard,) = (node for node in plan.nodes if isinstance(node, Guard))
    assert writer.tables.holds(plan, guard.test) is not None
    assert set(guard.then).isdisjoint(guard.otherwise)
    assert {*guard.then, *guard.otherwise} == {act.id for act in acts_of(plan)}
    tested = guard.test.left
    if tested.node is not None and tested.field is not None:
        node = plan.node(tested.node)
        assert isinstance(node, Select)
        assert tested.field not in {where.field for where in node.where}, "the clue tells it"
    ends = []
    for act in acts_of(plan):
        if isinstance(act, Write):
            assert all(result.ok for result in judge.play(plan, [act]))
            ends.append(judge.changes())
            assert ends[-1]
    assert len(ends) < 2 or ends[0] != ends[1]
