"""What a refused call was aimed at: the domain's own tool, and the field behind a parameter.

The name and arguments that the agent sent come in. Next: `legal`.
"""

from __future__ import annotations

from collections.abc import Mapping

from agentgym.episode.view import View
from agentgym.formats import Json, Record
from agentgym.rules import Rule
from agentgym.schema import Entity, Field
from agentgym.tools.algebra import Term
from agentgym.tools.parameters import bindings
from agentgym.trajectory import Fault, ToolFace

__all__ = ["Aim", "aim"]


class Aim(Record, kw_only=True):
    """A refused call, as a call of one of the domain's tools."""

    face: ToolFace | None
    """The tool as it is documented; None where the agent is not shown it."""
    term: Term
    arguments: Mapping[str, Json]
    """Under the tool's own names."""
    parameter: str | None
    """The one to blame, under its own name."""
    bound: Mapping[str, tuple[str, str, str]]
    """Own parameter to entity, field and use; see `bindings`."""
    guards: tuple[str, ...]

    def column(self, view: View) -> tuple[Entity, Field, str] | None:
        """Return the field behind the parameter to blame, and how it is used."""
        if self.parameter is None or self.parameter not in self.bound:
            return None
        name, field, use = self.bound[self.parameter]
        entity = view.domain.schema.entity(name)
        return entity, entity.field(field), use


def aim(fault: Fault, name: str, arguments: Mapping[str, Json], view: View) -> Aim | None:
    """Say what a refused call was aimed at; None where it came to no tool.

    Args:
        fault: Why it was refused.
        name: Of the shown tool.
        arguments: As they were sent.
        view: The tools that are shown.
    """
    if name not in view.terms:
        return None
    face = next((face for face in view.faces if face.name == name), None)
    own_name, given, parameter = name, arguments, fault.parameter
    if view.surface is not None:
        shown = view.surface.by_name[name]
        found = view.surface.translate(name, arguments)
        way = shown.ways[0]
        if not isinstance(found, Fault):
            way, given = found
        own_name = way.tool
        if parameter is not None:
            parameter = way.params.get(parameter, parameter)
        face = face if face is None else shown.face
        tool = next(tool for tool in view.surface.run if tool.name == own_name)
    else:
        tool = view.domain.tool_by_name[own_name]
    return Aim(
        face=face,
        term=tool.term,
        arguments=given,
        parameter=parameter,
        bound=bindings(tool.term, view.domain.schema),
        guards=tool.guards,
    )


def rule_of(fault: Fault, view: View) -> Rule | None:
    """Return the rule that refused a call, if one did."""
    return next((rule for rule in view.domain.rules if rule.id == fault.rule), None)
