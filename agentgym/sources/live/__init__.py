"""Live databases, read through SQLAlchemy without writing: structure and a sample of rows.

The URL of a server comes in, raw tables go out. A table of any size is read in part only:
runs of neighbouring rows along its key, streamed, and from the tables that they refer to the
rows that they need. The same content gives the same tables. Next: `assemble`.
"""

from __future__ import annotations

from collections.abc import Sequence

from agentgym.formats import fingerprint
from agentgym.sources.live.connect import called, connected, is_url, parse
from agentgym.sources.live.describe import describe
from agentgym.sources.live.rows import load
from agentgym.sources.tables import Raw

__all__ = ["Live", "called", "is_url", "parse", "read_live"]


class Live:
    """What was read of a live database.

    Args:
        raw: Its tables.
        name: Its URL without user, password and options.
        dialect: Of its SQL.
        sha256: Of the structure and rows that were read.
        focus: The tables asked for, a schema spelled out as its tables.
    """

    def __init__(
        self, *, raw: Raw, name: str, dialect: str, sha256: str, focus: tuple[str, ...]
    ) -> None:
        self.raw, self.name, self.dialect = raw, name, dialect
        self.sha256, self.focus = sha256, focus


def read_live(source: str, *, rows: int | None, focus: Sequence[str]) -> Live:
    """Read a live database.

    Args:
        source: Its URL, as SQLAlchemy writes it.
        rows: How many rows will be kept, about; None for as many as a domain has.
        focus: Tables or schemas that the domain is about.

    Raises:
        SourceError: It cannot be reached or read.
    """
    url = parse(source)
    with connected(url) as link:
        found = describe(link)
        wanted = found.spelled(focus)
        load(link, found, rows, wanted)
    raw = found.raw
    return Live(
        raw=raw,
        name=called(url),
        dialect=url.get_backend_name(),
        sha256=fingerprint(repr(raw.tables).encode()),
        focus=wanted,
    )
