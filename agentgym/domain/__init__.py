"""A domain: schema, rules, tools, rows and clock; a folder of text files without Python.

What `build` writes and a person may edit. The world hash covers everything that an
episode can depend on. `records` has the records, `valid` what must hold between their
parts, `folder` reads them. Next: `populate`, `world`.
"""

from __future__ import annotations

from agentgym.domain.folder import altered, committed, find, line_of, load, manifest, parse
from agentgym.domain.records import Clock, Domain, Manifest, Source, later

__all__ = [
    "Clock",
    "Domain",
    "Manifest",
    "Source",
    "altered",
    "committed",
    "find",
    "later",
    "line_of",
    "load",
    "manifest",
    "parse",
]
