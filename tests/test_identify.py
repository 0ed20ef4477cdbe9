"""Who is served: identification by what only that person knows."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from desk import desk, world
from hypothesis import given
from hypothesis import strategies as st

from agentgym.errors import DomainError
from agentgym.tools.algebra import Argument, Identify, Tool
from agentgym.world.compile import Engine

ADA = {"email": "ada@mail.test", "name": "Ada Byron"}
BEN = {"email": "ben@mail.test", "name": "Ben Cole"}


def test_who_is_identified_is_known_from_then_on() -> None:
    """The reply holds the key, the session who it is."""
    engine = desk()
    here = world(engine)
    assert here.session.identity is None
    found = engine.call(here, "identify_member", ADA)
    assert found.data == {"identified": {"member_id": 1}}
    assert here.session.identity == ("member", (1,))


def test_values_compare_as_find_compares_them() -> None:
    """Texts are the same whatever their case."""
    engine = desk()
    here = world(engine)
    assert engine.call(here, "identify_member", {"email": "ADA@mail.TEST", "name": "ada BYRON"}).ok


def test_another_person_takes_the_place_of_the_first() -> None:
    """The conversation goes on as with the one identified last."""
    engine = desk()
    here = world(engine, email="ada@mail.test")
    assert engine.call(here, "identify_member", BEN).ok
    assert here.session.identity == ("member", (2,))


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"email": "nobody@mail.test", "name": "Ada Byron"}, "not_found"),
        ({"email": "ada@mail.test", "name": "Ben Cole"}, "not_found"),
        ({"email": "ada@mail.test"}, "bad_arguments"),
        ({"email": "ada@mail.test", "name": None}, "bad_arguments"),
        ({"email": ["ada@mail.test"], "name": "Ada Byron"}, "bad_arguments"),
        ({**ADA, "pin": "4711"}, "bad_arguments"),
    ],
)
def test_a_failure_leaves_the_session_as_it_was(values: dict[str, Any], code: str) -> None:
    """Who was identified before still is."""
    engine = desk()
    here = world(engine, email="ben@mail.test")
    before = here.session
    error = engine.call(here, "identify_member", values).error
    assert error is not None
    assert error.code == code
    assert here.session is before


def test_a_failure_does_not_tell_which_value_was_wrong() -> None:
    """An address that exists gives no other answer than one that does not."""
    engine = desk()
    here = world(engine)
    wrong_name = engine.call(here, "identify_member", ADA | {"name": "Eve"})
    wrong_mail = engine.call(here, "identify_member", ADA | {"email": "eve@mail.test"})
    assert wrong_name == wrong_mail
    assert wrong_name.error is not None
    assert wrong_name.error.parameter is None
    assert "ada" not in wrong_name.error.message.lower()


def test_values_that_several_have_identify_nobody() -> None:
    """What is ambiguous names no candidates: they are other people."""
    tool = Tool(
        name="identify",
        description="Identify.",
        term=Identify(
            entity="member",
            by=tuple(
                Argument(param=name, field=name, description="It.", required=True)
                for name in ("name", "blocked")
            ),
        ),
    )
    plain = desk().domain
    rows = plain.rows | {
        "member": tuple((*r[:1], "Ben Cole", *r[2:]) for r in plain.rows["member"])
    }
    engine = Engine(msgspec.structs.replace(plain, tools=(tool,), rows=rows))
    here = engine.world()
    error = engine.call(here, "identify", {"name": "ben cole", "blocked": False}).error
    assert error is not None
    assert error.code == "ambiguous"
    assert not any(text in error.message for text in ("1", "2", "mail"))
    assert here.session.identity is None


def test_what_is_empty_identifies_nobody() -> None:
    """A row without a postcode is not found by any."""
    engine = desk()
    here = world(engine)
    assert engine.call(here, "identify_by_address", {"name": "Ben Cole", "postcode": "N1"}).ok
    assert here.session.identity == ("member", (2,))
    assert not engine.call(here, "identify_by_address", {"name": "Ben Cole", "postcode": ""}).ok


@pytest.mark.parametrize("fields", [("name",), ("pin", "email"), ("postcode",)])
def test_tools_that_would_identify_too_easily_are_authors_mistakes(fields: tuple[str, ...]) -> None:
    """One value that several may have is not enough, and secrets are never compared."""
    by = tuple(Argument(param=n, field=n, description="It.", required=True) for n in fields)
    tool = Tool(name="identify", description="It.", term=Identify(entity="member", by=by))
    engine = Engine(msgspec.structs.replace(desk().domain, tools=(tool,)))
    with pytest.raises(DomainError):
        engine.compile()


def test_one_unique_value_is_enough() -> None:
    """An address that no two members share may stand alone."""
    by = (Argument(param="email", field="email", description="It.", required=True),)
    tool = Tool(name="identify", description="It.", term=Identify(entity="member", by=by))
    engine = Engine(msgspec.structs.replace(desk().domain, tools=(tool,)))
    assert engine.call(engine.world(), "identify", {"email": "ben@mail.test"}).ok


MOVES = st.lists(
    st.sampled_from(["ada", "ben", "fail", "yes", "keep", "back", "fork", "reset"]), max_size=12
)


@given(moves=MOVES)
def test_the_session_is_part_of_every_moment(moves: list[str]) -> None:
    """Snapshot, restore, fork and reset carry who is served and what was agreed to."""
    engine = desk()
    here = world(engine)
    identity, confirmed = None, 0
    kept: tuple[Any, Any, int] = (here.snapshot(), None, 0)
    for move in moves:
        if move in ("ada", "ben"):
            assert engine.call(here, "identify_member", ADA if move == "ada" else BEN).ok
            identity = ("member", (1 if move == "ada" else 2,))
        elif move == "fail":
            assert not engine.call(here, "identify_member", ADA | {"name": "Eve"}).ok
        elif move == "yes":
            confirmed += 1
            here.session = msgspec.structs.replace(here.session, confirmed=confirmed)
        elif move == "keep":
            kept = (here.snapshot(), identity, confirmed)
        elif move == "back":
            here.restore(kept[0])
            _, identity, confirmed = kept
        elif move == "fork":
            here = here.fork()
        else:
            here.reset()
            identity, confirmed = None, 0
        assert (here.session.identity, here.session.confirmed) == (identity, confirmed)
    assert here.digest() == engine.world().digest()


def test_undo_takes_an_identification_back() -> None:
    """A call that is undone never happened to the session either."""
    engine = desk()
    here = world(engine, email="ada@mail.test")
    here.begin()
    assert engine.call(here, "identify_member", BEN).ok
    here.undo()
    assert here.session.identity == ("member", (1,))
