"""What a slot may have in all: its home's fields and references, and those of every extension.

A `Library` comes in, a `View` of each slot goes out. Next: `values`.
"""

from __future__ import annotations

from agentgym.formats import Record
from agentgym.sources.compose.library import Library, fragments, parts
from agentgym.sources.compose.records import FieldSpec, Flow, Reference
from agentgym.sources.compose.trade import label_of

__all__ = ["View", "views"]


class View(Record, kw_only=True):
    """A slot as any drawn structure may have it."""

    slot: str
    fields: dict[str, FieldSpec]
    refs: dict[str, Reference]
    """By label, with underscores."""
    flows: tuple[Flow, ...]

    @property
    def names(self) -> list[str]:
        """All that may stand where a field is named."""
        status = ["status"] if self.flows and "status" not in self.fields else []
        return ["key", *self.fields, *self.refs, *status]


def views(library: Library) -> dict[str, View]:
    """Collect what each slot may have; of double names the first counts."""
    fields: dict[str, dict[str, FieldSpec]] = {}
    refs: dict[str, dict[str, Reference]] = {}
    flows: dict[str, tuple[Flow, ...]] = {}
    for pattern in library.patterns.values():
        for _, fragment in fragments(pattern):
            for one in parts(fragment):
                flows[one.slot] = flows.get(one.slot) or one.flows
                for field in one.fields:
                    fields.setdefault(one.slot, {}).setdefault(field.name, field)
                for reference in one.refs:
                    refs.setdefault(one.slot, {}).setdefault(label_of(reference), reference)
    return {
        name: View(
            slot=name,
            fields=fields.get(name, {}),
            refs=refs.get(name, {}),
            flows=flows.get(name, ()),
        )
        for name in library.slots
    }
