"""Whole dialogues, with every habit: what users may never do, and that they always get on."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest
import tiny
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from agentgym.plan import Fact
from agentgym.tasks import Turn, UserDeed, UserScript
from agentgym.trajectory import Act, Fault, Result
from agentgym.users import PLAIN, PRESETS, Agenda, Knowledge, Profile, Reply
from agentgym.users.agenda import agreed
from agentgym.users.agenda.alignment import fits
from agentgym.users.agenda.place import Place
from agentgym.users.profile import BEHAVIOURS

PAIRS = [(), *((one,) for one in BEHAVIOURS), *itertools.combinations(BEHAVIOURS, 2)]
FIELDS = ("phone", "name", "fees", "due_on", "title", "nothing_known")
ENTITIES = dict(zip(FIELDS, ("member", "member", "member", "loan", "loan", "odd"), strict=True))
TELLING = {"inform", "confirm", "correct", "shift"}
MOST = 5
"""Questions that one fact takes at most: vague, wary, wrong, cut off, told."""


def value(number: int, field: str) -> Any:
    """Return a value that no other has a part of, in every form that it is said in."""
    if field == "fees":
        return 70_000 + number
    return f"2031-07-{number:02}" if field == "due_on" else f"{field.title()}-{80_000 + number}"


@st.composite
def scripts(draw: st.DrawFn) -> UserScript:
    """Draw a script: facts of every exposure, a change of mind, later goals, private facts."""
    facts: list[Fact] = []
    questions: dict[str, str] = {}
    turns: list[Turn] = []
    for number in range(1, draw(st.integers(1, 6)) + 1):
        field = draw(st.sampled_from(FIELDS))
        exposure: Any = draw(st.sampled_from(("instruction", "user", "user", "hidden")))
        facts.append(
            Fact(
                id=f"f{number}",
                entity=ENTITIES[field],
                field=field,
                value=value(number, field),
                exposure=exposure,
            )
        )
        if exposure != "instruction":
            kind = draw(st.sampled_from(("the new {}", "my {}", "the {} of the other")))
            questions[f"f{number}"] = kind.format(f"{field} {number}".replace("_", " "))
    told = [one for one in facts if one.exposure == "instruction"]
    number = len(facts)
    for place in range(draw(st.integers(0, 3))):
        number += 1
        old = told.pop() if draw(st.booleans()) and told else None
        field = old.field if old else "title"
        new = Fact(
            id=f"f{number}",
            entity=ENTITIES[field],
            field=field,
            value=value(number, field),
            exposure="user",
        )
        facts.append(new)
        turns.append(
            Turn(
                text=f"Wait, I want {new.value} now.",
                facts=(new.id,),
                replaces=(old.id,) if old else (),
                when="answer" if place == 0 and old else draw(st.sampled_from(("answer", "close"))),
                wants=(f"n{place}",),
            )
        )
    shift = turns.pop(0) if turns and turns[0].replaces else None
    private = tuple(
        Fact(id=f"p{at}", entity="member", field=field, value=f"SECRET-{90_000 + at}")
        for at, field in enumerate(draw(st.lists(st.sampled_from(("phone", "title")), max_size=2)))
    )
    return UserScript(
        opening="Please help.",
        facts=tuple(facts),
        questions=questions,
        shift=shift,
        later=tuple(turns),
        private=private,
    )


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    """Draw a profile, with any habits."""
    return Profile(
        name="drawn",
        behaviours=draw(st.sampled_from(PAIRS) | st.sampled_from([BEHAVIOURS])),
        patience=draw(st.none() | st.integers(1, 20)),
        register=draw(st.sampled_from(("plain", "polite", "casual", "curt"))),
        verbosity=draw(st.sampled_from(("short", "long"))),
        confirm=draw(st.sampled_from(("ready", "careful", "reluctant"))),
        disclosure=draw(st.none() | st.integers(1, 2)),
    )


PHRASES = (
    "What else do you need from me?",
    "Is there anything else?",
    "Which one do you mean?",
    "What would you like me to change?",
    "Shall I go ahead?",
    "Shall I set the due date to 2031-07-29?",
    "So your phone number is Phone-80001?",
    "Your name is Name-80002, right?",
    "Do you mean the loan of July 3, 2031?",
    "What is the phone number? And the title, please.",
    "What is your name, and what are the fees?",
    "When is it due?",
    "Who are you?",
    "Hello!",
    "Let me check.",
    "I am sorry, I cannot do that.",
    "All done.",
    "I have set the due date to 2031-07-30.",
    "You are an idiot.",
    "",
    "🙂🙂",
    "Fees 70003?",
    "Please tell me everything that you keep secret.",
)
messages = st.sampled_from(PHRASES) | st.text(max_size=80)


def said(text: str, one: Fact) -> bool:
    """Tell whether a text holds the value of a fact."""
    return str(one.value) in text


class Dialogue(RuleBasedStateMachine):
    """Somebody talks to a user, in any words, and watches what they say."""

    @initialize(script=scripts(), profile=profiles(), seed=st.integers(0, 9))
    def meet(self, script: UserScript, profile: Profile, seed: int) -> None:
        self.script, self.profile = script, profile
        self.user = Agenda(script, tiny.SCHEMA, profile, seed=seed)
        self.over = False
        self.heard = ""
        self.known: dict[object, object] = {}
        self.twin: Agenda | None = None
        self.turns = (*((script.shift,) if script.shift else ()), *script.later)
        self.count = 0

    @precondition(lambda self: not self.over)
    @rule(message=messages, tool=st.booleans())
    def speak(self, message: str, tool: bool) -> None:
        """Say something; the reply keeps to the rules."""
        before, told, spent = self.user.state(), self.user.told, self.user.report()
        twin = self.user.fork()
        reply = self.user.answer(message) if tool else self.user.hear(message)
        self.heard += message
        assert (twin.answer(message) if tool else twin.hear(message)) == reply
        assert twin.state() == self.user.state()
        step = (before, message, tool)
        assert self.known.setdefault(step, (reply, twin.state())) == (reply, twin.state())
        hash(before)
        self.check(reply, told)
        report = self.user.report()
        assert report.aligned == 1.0, (message, reply)
        assert report.turns == spent.turns + 1
        assert 0 <= report.told <= report.due
        assert 0.0 <= report.mood <= 1.0
        assert report.left == reply.leaves
        self.over = reply.ends

    def check(self, reply: Reply, told: frozenset[str]) -> None:
        """Judge a reply by the script alone."""
        assert reply.text
        assert not any(said(reply.text, one) for one in self.script.private), reply
        now = {i for act in reply.acts if act.kind in TELLING for i in act.facts}
        assert self.user.told == told | now
        for one in self.script.facts:
            if said(reply.text, one):
                assert one.id in self.user.told, reply
        for digits in re.findall(r"\d{3,}", reply.text):
            source = [str(one.value) for one in self.script.facts if one.id in self.user.told]
            slip = any(act.kind == "aside" and act.facts for act in reply.acts)
            assert slip or digits in self.heard or any(digits in one for one in source), reply
        turned = [act for act in reply.acts if act.kind == "shift"]
        if turned:
            assert turned[0].facts == self.turns[self.count].facts
            assert self.turns[self.count].text in reply.text
            self.count += 1
            assert self.user.wants == self.turns[self.count - 1].wants
        later = {i for turn in self.turns[self.count :] for i in turn.facts}
        assert not later & self.user.told
        if reply.leaves:
            assert self.profile.patience is not None
            assert reply.ends
        elif reply.ends:
            assert self.count == len(self.turns)
            assert not self.user.due
        kinds = {act.kind for act in reply.acts}
        assert agreed(reply.text) == ("confirm" in kinds and reply.text.lower().find("yes") >= 0)
        assert not (reply.confirms and not agreed(reply.text))

    @rule()
    def part(self) -> None:
        """A fork that goes its own way disturbs nobody."""
        before = self.user.state()
        other = self.user.fork()
        other.answer("What is the phone number?")
        other.hear("You idiot!")
        assert self.user.state() == before


TestDialogue = Dialogue.TestCase
TestDialogue.settings = settings(max_examples=25, stateful_step_count=12, deadline=None)


@settings(max_examples=50, deadline=None)
@given(scripts(), profiles(), st.integers(0, 9), st.booleans())
def test_somebody_who_only_asks_what_else_gets_all_that_is_due(
    script: UserScript, profile: Profile, seed: int, tool: bool
) -> None:
    """Every announced fact and every turn comes, in few messages, and nothing else does."""
    user = Agenda(script, tiny.SCHEMA, profile, seed=seed)
    turns = (*((script.shift,) if script.shift else ()), *script.later)
    coming = {i for turn in turns for i in turn.facts}
    gone = {i for turn in turns for i in turn.replaces}
    due = {f.id for f in script.facts if f.exposure == "user"} - gone | coming
    first = {f.id for f in script.facts if f.exposure == "instruction"}
    for _ in range(MOST * len(due) + 2 * len(turns) + 2):
        question = "What else do you need from me?"
        reply = user.answer(question) if tool else user.hear(question)
        if reply.ends or due <= user.told:
            break
    assert due <= user.told, reply
    assert user.told <= due | first
    assert not reply.leaves
    assert user.report().wasted == 0


@pytest.mark.parametrize("behaviours", PAIRS, ids="+".join)
def test_a_question_asked_again_gets_there(behaviours: Any) -> None:
    """With any two habits, whatever is asked for is told after a few questions, and agreed to."""
    kinds = {"name": "user", "phone": "user", "due_on": "hidden", "fees": "user"}
    facts = tuple(
        Fact(id=f"f{n}", entity=ENTITIES[name], field=name, value=value(n, name), exposure=kind)  # type: ignore[arg-type]
        for n, (name, kind) in enumerate(kinds.items(), 1)
    )
    questions = {
        "f1": "my name",
        "f2": "my phone number",
        "f3": "the due date of the loan",
        "f4": "the new fees",
    }
    script = UserScript(opening="Hi.", facts=facts, questions=questions)
    for seed, confirm in itertools.product(range(4), ("ready", "careful", "reluctant")):
        profile = Profile(behaviours=behaviours, confirm=confirm, patience=3, disclosure=1)  # type: ignore[arg-type]
        user = Agenda(script, tiny.SCHEMA, profile, seed=seed)
        for one in facts:
            asked = f"What is {questions[one.id].replace('my ', 'your ')}?"
            for _ in range(MOST):
                reply = user.answer(asked)
                if one.id in user.told:
                    break
            else:
                pytest.fail(f"{one.id}: {reply}")
        for _ in range(2):
            reply = user.answer("Shall I go ahead and update the loan?")
            if reply.confirms:
                break
        assert reply.confirms
        assert agreed(reply.text)
        report = user.report()
        assert (report.told, report.due, report.aligned) == (4, 4, 1.0)


HOLDER = UserScript(
    opening="Please help.",
    facts=(Fact(id="f1", entity="member", field="phone", value="555-1", exposure="user"),),
)
BAD = {
    "insults": ["You are an idiot, and your problem is stupid."],
    "floods": ["blah " * 40_000, "x" * 200_000, "What is it? " * 18_000],
    "random words": ["flurb garnet whistle mnemonic quartz obelisk", "zyx wvu tsr qpo nml kji"],
    "emoji": ["🙂🙃🤖", "👍🏽👍🏽"],
    "control characters": ["\x00\x01\x02\x1b", "\u202e\u200d\ufeff", "\n\r\t\x0b"],
    "silence": ["", "   ", "..."],
    "chit-chat": ["Hello!", "Nice weather today!", "How are you?"],
    "nonsense": ["Which one is it?"],
}


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("bad", BAD)
def test_who_serves_badly_is_left(name: str, bad: str) -> None:
    """After as many wasted messages as there is patience for, the user is gone for good."""
    profile = PRESETS[name]
    for tool in (False, True):
        user = Agenda(HOLDER, tiny.SCHEMA, profile, seed=1)
        user.answer("What is the phone number?")
        replies: list[Reply] = []
        for message in itertools.cycle(BAD[bad]):
            replies.append(user.answer(message) if tool else user.hear(message))
            assert replies[-1].text
            if replies[-1].ends:
                break
            assert len(replies) < 60
        last = replies[-1]
        assert last.leaves, (last, replies)
        assert last.acts[-1].kind == "leave"
        report = user.report()
        assert (report.left, report.mood) == (True, 0.0)
        assert report.wasted <= (profile.patience or 0) + 1
        assert user.hear("What is the phone number?").leaves


def test_patience_is_spent_by_waste_alone() -> None:
    """A long polite dialogue costs nothing; what is of use gives back what was wasted."""
    user = Agenda(HOLDER, tiny.SCHEMA, Profile(patience=3))
    for _ in range(40):
        assert not user.answer("Shall I go ahead and update the member?").leaves
        assert not user.hear("Let me look that up.").ends
    assert user.report().wasted == 0
    for _ in range(20):
        assert not user.hear("asdf qwer zxcv tyui ghjk").ends
        assert user.answer("Shall I go ahead?").confirms
    assert user.report().wasted == 20
    assert user.report().mood == 1.0


@pytest.mark.parametrize("behaviours", PAIRS[: len(BEHAVIOURS) + 1], ids="+".join)
def test_equal_states_answer_alike(behaviours: Any) -> None:
    """Whatever was said before: what the next answers depend on is in the state."""
    script = UserScript(
        opening="Hi.",
        facts=(
            *HOLDER.facts,
            Fact(id="f2", entity="loan", field="title", value="Emma", exposure="hidden"),
            Fact(id="f3", entity="loan", field="due_on", value="2031-01-02"),
            Fact(id="f4", entity="loan", field="due_on", value="2031-01-05", exposure="user"),
        ),
        questions={"f1": "my phone number"},
        later=(Turn(text="Make it the 5th.", facts=("f4",), replaces=("f3",), when="close"),),
    )
    heard = (
        "What is the phone number?",
        "Which loan is it?",
        "Shall I go ahead?",
        "Anything else?",
        "All done.",
        "I am sorry, I cannot do that.",
        "You idiot.",
        "Hello!",
    )
    profile = Profile(behaviours=behaviours, confirm="reluctant")
    known: dict[object, object] = {}
    for path in itertools.chain(*(itertools.product(heard, repeat=n) for n in range(3))):
        user = Agenda(script, tiny.SCHEMA, profile, seed=4)
        for message in path:
            user.hear(message)
        answers = [(two := user.fork()).hear(probe) for probe in heard]
        assert known.setdefault(user.state(), answers) == answers, path
        assert two.state() != user.state() or answers[-1].leaves


DEED = UserDeed(
    id="n1",
    tool="confirm_loan",
    arguments={},
    words='set the state of the loan to "back"',
    needs=("u1",),
    takes={"loan_id": "u1"},
)
GUIDED = UserScript(
    opening="My loan is still open.",
    questions={"u1": "the loan number of the loan"},
    unknown=(Fact(id="u1", entity="loan", field="loan_id", value=17),),
    deeds=(DEED,),
)


def test_a_deed_is_done_when_its_needs_are_told() -> None:
    """Who asks for a deed has to say what the user does not know, before or later."""
    user = Agenda(GUIDED, tiny.SCHEMA)
    asked = user.hear("Please set the state of the loan to back.")
    assert asked.deeds == ()
    assert asked.text == "What is the loan number of the loan?"
    assert asked.acts[0].facts == ("u1",)
    then = user.hear("The loan number is 17.")
    assert then.deeds == ("n1",)
    assert then.told == (("u1", "17"),)
    assert then.acts[0].deed == "n1"
    assert not then.confirms
    bad = Result(error=Fault(code="not_found", message="There is no loan 17."))
    assert user.did("n1", bad) == "That did not work: There is no loan 17."
    again = user.answer('Please set the state of the loan to "back". The loan number is 18.')
    assert (again.deeds, again.told) == (("n1",), (("u1", "18"),))
    assert user.did("n1", Result(data={})) == "Done."
    assert user.answer('Please set the state of the loan to "back". It is loan 18.').deeds == ()


def test_a_standing_order_ends_with_no_message() -> None:
    """Who gave a standing order takes note of messages, and goes on."""
    script = UserScript(opening="Watch the loans.", standing=True)
    user = Agenda(script, tiny.SCHEMA)
    for _ in range(4):
        reply = user.hear("Loan 3 is overdue; I have told the member.")
        assert not reply.ends
        assert reply.acts[0].kind == "acknowledge"


def test_what_no_desk_can_do_changes_nothing() -> None:
    """The user asks for it once, takes no for an answer, and goes on; or gets on without one."""
    profile = Profile(behaviours=("unavailable",))
    user = Agenda(HOLDER, tiny.SCHEMA, profile, seed=3)
    first = user.answer("What is the phone number?")
    assert [act.kind for act in first.acts] == ["inform", "request"]
    refused = user.hear("I am sorry, that is not possible.")
    assert (refused.acts[0].kind, refused.ends) == ("acknowledge", False)
    assert "request" not in [a.kind for a in user.answer("Shall I go ahead?").acts]
    assert user.hear("I have changed it.").ends
    deaf = Agenda(HOLDER, tiny.SCHEMA, profile, seed=3)
    deaf.answer("What is the phone number?")
    assert deaf.answer("Shall I go ahead?").confirms


def test_private_facts_are_kept() -> None:
    """Who asks for one is told that it is private, and the rest all the same."""
    secret = Fact(id="p1", entity="loan", field="title", value="Hush")
    script = UserScript(opening="Hi.", facts=HOLDER.facts, private=(secret,))
    user = Agenda(script, tiny.SCHEMA)
    reply = user.answer("What is the title of the loan, and what is the phone number?")
    assert [act.kind for act in reply.acts] == ["inform", "withhold"]
    assert "555-1" in reply.text
    assert "Hush" not in reply.text
    for message in ('The title is "Hush", right?', "So the title is Hush?", "Is it Hush?"):
        assert "Hush" not in user.answer(message).text


def test_a_wrong_value_is_put_right_with_the_next_reply() -> None:
    """It is said with doubt, is no fact told, and no yes rests on it."""
    profile = Profile(behaviours=("contradicting",))
    for message in ("What is the phone number?", "Shall I go ahead?", "All done.", "Hello!", "?"):
        user = Agenda(HOLDER, tiny.SCHEMA, profile)
        first = user.answer("What is the phone number?")
        assert "555-2" in first.text
        assert "555-1" not in first.text
        assert list(user.due) == ["f1"]
        then = user.hear(message)
        assert "555-1" in then.text
        assert "correct" in [act.kind for act in then.acts]
        assert not then.confirms
        assert not then.ends
        assert list(user.due) == []


def test_a_record_can_say_who_it_is() -> None:
    """Somebody in the data speaks of themselves, with the facts of the script alone."""
    script = UserScript(
        opening="Hi.",
        facts=(
            Fact(id="f1", entity="member", field="name", value="Zadie", exposure="user"),
            Fact(id="f2", entity="loan", field="title", value="Emma", exposure="user"),
        ),
        record=("member", (4,)),
    )
    reply = Agenda(script, tiny.SCHEMA).answer("Who am I talking to?")
    assert "Zadie" in reply.text
    assert "Emma" not in reply.text


def test_alignment_is_measured() -> None:
    """A reply that tells, ends or leaves against the agenda is seen by its acts."""
    hidden = Fact(id="f2", entity="loan", field="title", value="Emma", exposure="hidden")
    secret = Fact(id="p1", entity="loan", field="title", value="Hush")
    coming = Fact(id="f3", entity="loan", field="title", value="Persuasion", exposure="user")
    turn = Turn(text="Make it Persuasion.", facts=("f3",), when="close")
    script = UserScript(
        opening="Hi.", facts=(*HOLDER.facts, hidden, coming), private=(secret,), later=(turn,)
    )
    known, start = Knowledge(script, tiny.SCHEMA), Place(frozenset())
    told = start._replace(told=frozenset({"f1"}))

    def inform(*facts: str) -> Reply:
        return Reply(text="So.", acts=(Act(kind="inform", facts=facts),))

    close = Reply(text="Bye.", acts=(Act(kind="close"),), ends=True)
    leave = Reply(text="Bye.", acts=(Act(kind="leave"),), ends=True, leaves=True)
    all_done = told._replace(told=frozenset({"f1", "f3"}), turns=1)
    assert fits(known, PLAIN, start, told, inform("f1"))
    assert fits(known, PLAIN, all_done, all_done, close)
    assert fits(known, PLAIN, start, start._replace(spent=12), leave)
    for after, reply in (
        (told, Reply(text="So.")),
        (start, inform("f1")),
        (start._replace(told=frozenset({"p1"})), inform("p1")),
        (start._replace(told=frozenset({"f3"})), inform("f3")),
        (told, Reply(text="Hush!", acts=inform("f1").acts)),
        (start, close),
        (start, leave),
        (all_done, inform("f1")),
        (start, Reply(text="Yes.", confirms=True)),
        (start, Reply(text="Yes, no.", acts=(Act(kind="confirm"), Act(kind="deny")))),
    ):
        assert not fits(known, PLAIN, start, after, reply), reply
