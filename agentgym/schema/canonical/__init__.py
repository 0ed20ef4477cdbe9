"""Canonical forms: what stays of a thing when its names are taken away.

`graph` has labelled graphs, their digests and the exact comparison; `structure` makes the graph
of a `Schema`. Two schemas that differ in names, order and plain fields only have one digest.
Next: `structure`.
"""

from __future__ import annotations

from agentgym.schema.canonical.graph import Form, colours, form, same
from agentgym.schema.canonical.structure import Consequence, structure

__all__ = ["Consequence", "Form", "colours", "form", "same", "structure"]
