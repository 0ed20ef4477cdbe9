"""The speech in which everything is found: what is not is noted. Next: `flow`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from agentgym.formats import Json
from agentgym.sources.compose.check.problem import Notes
from agentgym.sources.compose.check.values import check_values
from agentgym.sources.compose.check.views import View
from agentgym.sources.compose.flows import states
from agentgym.sources.compose.rewrite import Absent

__all__ = ["Speech"]

_SLOT = re.compile(r"\{([^{}]*)\}")


class Speech:
    """Says every name as it is, and notes those that lead nowhere.

    Args:
        views: What each slot may have.
        exclusives: Ids of the exclusives of the pattern.
        notes: What is found wrong is noted there.
        place: Where the record stands that is said.
    """

    def __init__(
        self, views: Mapping[str, View], exclusives: Sequence[str], notes: Notes, place: str
    ) -> None:
        self.views = views
        self.exclusives = exclusives
        self.notes = notes
        self.place = place

    def fail(self, what: str, found: str, options: Sequence[str] = ()) -> Absent:
        """Note a problem, and return what is raised."""
        self.notes.add(self.place, what, repr(found), options)
        return Absent(what, found, options)

    def refuse(self, what: str, found: str) -> Absent:
        """Note what does not fit together."""
        return self.fail(what, found)

    def view(self, slot: str) -> View:
        """Return the view of a slot."""
        if slot not in self.views:
            raise self.fail("a slot", slot, list(self.views))
        return self.views[slot]

    def entity(self, name: str) -> str:
        """Say a slot."""
        return self.view(name).slot

    def field(self, entity: str, name: str) -> str:
        """Say a field of a slot."""
        view = self.view(entity)
        if name not in view.names:
            raise self.fail(f"a field of {entity}, `key` or the label of a reference", name,
                            view.names)  # fmt: skip
        return name

    def relation(self, name: str) -> tuple[str, str, str]:
        """Say a reference, written `slot.label`."""
        slot, dot, label = name.partition(".")
        if not dot:
            raise self.fail("a reference as slot.label", name, self._all())
        view = self.view(slot)
        label = "_".join(label.split())
        if label not in view.refs:
            raise self.fail(
                f"a reference of {slot} as slot.label", name, [f"{slot}.{x}" for x in view.refs]
            )
        return name, slot, view.refs[label].to

    def _all(self) -> list[str]:
        return [f"{view.slot}.{label}" for view in self.views.values() for label in view.refs]

    def values(self, entity: str, field: str, value: Json) -> tuple[Json, ...]:
        """Say a value, or a mark."""
        view = self.view(entity)
        self.field(entity, field)
        if isinstance(value, str) and value.startswith("@"):
            mark = value[1:]
            if field != "status" or not view.flows:
                raise self.fail("a mark for a status alone", f"{value} of {entity}.{field}")
            known = sorted({m for flow in view.flows for m in flow.marks})
            for flow in view.flows:
                if not flow.marks.get(mark):
                    what = f"a mark that the flow {flow.name!r} of {entity} has"
                    raise self.fail(what, value, [f"@{m}" for m in known])
            return (value, value + "'")
        if field == "status" and view.flows:
            for flow in view.flows:
                legal = states(flow)
                if value is not None and legal and value not in legal:
                    what = f"a state of the flow {flow.name!r} of {entity}, or a mark"
                    raise self.fail(what, str(value), legal)
            return (value,)
        spec = view.fields.get(field)
        if spec is not None and value is not None:
            if spec.type == "enum" and not spec.values:
                raise self.fail(
                    "a value that the pattern knows",
                    f"{value!r}: the values of {entity}.{field} are left to the industry",
                )
            check_values(spec, (value,), self.place, self.notes)
        return (value,)

    def id(self, text: str) -> str:
        """Say an id, in which `{slot}` stands for a noun."""
        for slot in _SLOT.findall(text):
            self.view(slot)
        bare = _SLOT.sub("x", text)
        if not re.fullmatch(r"[a-z][a-z0-9_]*", bare):
            raise self.fail("an id like {order}_total", text)
        return text

    def exclusive(self, text: str) -> str:
        """Say the id of an exclusive of the pattern."""
        if text not in self.exclusives:
            raise self.fail("the id of an exclusive of the pattern", text, self.exclusives)
        return text
