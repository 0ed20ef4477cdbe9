"""Outlines that no model should write: every part may be wrong, and some are right."""

from __future__ import annotations

from hypothesis import strategies as st

NAMES = [
    "tool", "tools", "Tool", "loan", "member", "class", "import", "order", "id", "tool_id",
    "status",
    "due date", "価格", "naïve_ünïcode", "1st", "", "  ", "x" * 80, "a__b", "select", "member_id",
    "kind", "page", "price", "quantity", "total", "stock", "start", "end", "name", "None", "💥",
    "summary", "field", "bid", "loan-line", "loanLine", "person", "people",
]  # fmt: skip
VALUES = ["open", "closed", "Open ", "in use", "", "yes", "x" * 100, "é", "0", "a,b", '"', "done"]
WORDS = st.sampled_from(NAMES)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**20), 10**20), st.floats(), st.sampled_from(VALUES),
    st.text(max_size=8), WORDS,
)  # fmt: skip
TYPES = st.sampled_from(
    [*"text integer decimal boolean date datetime enum string money int blob json".split(), ""]
)
JUNK = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(WORDS, st.text(max_size=5)), inner, max_size=4),
    ),
    max_leaves=12,
)
LISTED = st.lists(st.sampled_from(VALUES), max_size=5)


def loose(part):
    """Return the strategy, with now and then something of another kind."""
    return st.one_of(part, part, part, part, part, part, part, SCALARS)


def record(**parts):
    return st.fixed_dictionaries({}, optional={name: loose(part) for name, part in parts.items()})


FIELD = record(
    name=WORDS, type=TYPES, unit=st.sampled_from([None, "EUR", "kg", "pieces of eight and more"]),
    nullable=st.booleans(), unique=st.booleans(), values=LISTED,
    least=st.integers(-5, 20), most=st.integers(-5, 20),
)  # fmt: skip
ENTITY = record(
    name=WORDS, plural=WORDS, about=st.text(max_size=20), fields=st.lists(FIELD, max_size=6)
)
REFERENCE = record(
    entity=WORDS, to=WORDS, name=WORDS, optional=st.booleans(), one_to_one=st.booleans()
)
MOVE = record(state=st.sampled_from(VALUES), next=LISTED)
CYCLE = record(
    entity=WORDS, field=WORDS, initial=st.sampled_from(VALUES), moves=st.lists(MOVE, max_size=4)
)
ACTIONS = st.lists(st.sampled_from(["create", "update", "delete", "Delete", "read"]), max_size=3)
FORMS = st.sampled_from(
    ["compare", "unique_together", "no_overlap", "at_most", "only_while", "other", ""]
)
RULE = record(
    form=FORMS, entity=WORDS, field=WORDS,
    op=st.sampled_from(["eq", "ne", "lt", "le", "gt", "ge", "<", ">=", "like"]),
    value=SCALARS, other=st.one_of(st.none(), WORDS), fields=st.lists(WORDS, max_size=3),
    same=st.lists(WORDS, max_size=2), start=st.one_of(st.none(), WORDS),
    end=st.one_of(st.none(), WORDS), values=LISTED, of=WORDS, number=st.integers(-1, 5),
    actions=ACTIONS, to=st.one_of(st.none(), WORDS),
)  # fmt: skip
DERIVED = record(
    form=st.sampled_from(["product", "sum", "count"]), entity=WORDS, field=WORDS,
    factors=st.lists(WORDS, max_size=3), of=WORDS, amount=WORDS,
)  # fmt: skip
EFFECT = record(
    form=st.sampled_from(["adjust", "set"]), entity=WORDS, amount=WORDS, to=WORDS, field=WORDS,
    direction=st.sampled_from(["up", "down", "sideways"]), when_field=st.one_of(st.none(), WORDS),
    when_values=LISTED, value=st.sampled_from(VALUES),
)  # fmt: skip
WILD = st.one_of(
    JUNK,
    record(
        title=st.text(max_size=20), description=st.text(max_size=20),
        entities=st.lists(ENTITY, max_size=6), references=st.lists(REFERENCE, max_size=6),
        lifecycles=st.lists(CYCLE, max_size=3), rules=st.lists(RULE, max_size=5),
        derived=st.lists(DERIVED, max_size=3), effects=st.lists(EFFECT, max_size=3),
    ),
)  # fmt: skip


@st.composite
def bent(draw, outlines):
    """Return a good outline with some of its words changed for others of it, or for bad ones."""
    outline = draw(st.sampled_from(outlines))
    known: set[str] = set()
    _words(outline, known)
    words = [*sorted(known), *NAMES[:12]]

    def change(part):
        if isinstance(part, dict):
            items = list(part.items())
            if len(items) > 1 and draw(st.integers(0, 40)) == 0:
                items.pop(draw(st.integers(0, len(items) - 1)))
            return {name: change(value) for name, value in items}
        if isinstance(part, list):
            made = [change(one) for one in part]
            if made and draw(st.integers(0, 20)) == 0:
                made.append(made[0])
            return made
        if isinstance(part, str) and draw(st.integers(0, 14)) == 0:
            return draw(st.sampled_from(words))
        if isinstance(part, bool) and draw(st.integers(0, 6)) == 0:
            return not part
        return part

    return change(outline)


def _words(part, found):
    if isinstance(part, dict):
        for value in part.values():
            _words(value, found)
    elif isinstance(part, list):
        for value in part:
            _words(value, found)
    elif isinstance(part, str) and len(part) < 20:
        found.add(part)
