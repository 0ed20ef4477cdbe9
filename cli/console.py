"""What every command prints with: plain text that is aligned, and coloured on a terminal only.

Values of other people's databases are shown as they are: nothing in them is markup, and
what cannot be printed is replaced.
"""

from __future__ import annotations

import sys
import textwrap
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

__all__ = [
    "clean",
    "complain",
    "counts",
    "facts",
    "heading",
    "narrator",
    "paragraph",
    "say",
    "table",
]

WIDTH = 100
"""Columns where the output is no terminal."""


def _console() -> Console:
    width = None if sys.stdout.isatty() else WIDTH
    return Console(markup=False, highlight=False, emoji=False, width=width)


def clean(text: object) -> str:
    """Return the text with what cannot be printed replaced, line ends kept."""
    return "".join(
        c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in str(text)
    )


def say(text: str = "", *, style: str = "") -> None:
    """Print one line as it is, however long."""
    _console().print(Text(clean(text), style=style), soft_wrap=True)


def heading(text: str) -> None:
    """Print a heading with an empty line before it."""
    say()
    say(text, style="bold")


def paragraph(text: str, *, indent: int = 0) -> None:
    """Print text wrapped between words, its own line ends kept."""
    margin = " " * indent
    for line in clean(text).split("\n"):
        wrapped = textwrap.wrap(
            line,
            width=max(_console().width, indent + 20),
            initial_indent=margin,
            subsequent_indent=margin,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for part in wrapped or [""]:
            say(part)


def table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, right: Sequence[str] = ()
) -> None:
    """Print rows in aligned columns.

    Args:
        columns: Headings.
        rows: As many cells as there are columns.
        right: The columns whose cells are numbers.
    """
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for place, column in enumerate(columns):
        made.add_column(
            column,
            justify="right" if column in right else "left",
            overflow="fold",
            no_wrap=place == 0 and column not in right,
        )
    for row in rows:
        made.add_row(*(Text(clean(cell)) for cell in row))
    _print_trimmed(made)


def facts(pairs: Iterable[tuple[str, object]]) -> None:
    """Print names and what they stand for, aligned."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in pairs:
        grid.add_row(name, Text(clean(value)))
    _print_trimmed(grid)


def _print_trimmed(made: Table) -> None:
    console = _console()
    if console.is_terminal:
        console.print(made)
        return
    with console.capture() as captured:
        console.print(made)
    for line in captured.get().splitlines():
        console.print(line.rstrip(), soft_wrap=True)


def counts(found: Mapping[str, int]) -> str:
    """Write counts on one line, largest first."""
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name.replace('_', ' ')} {number:,}" for name, number in ranked)


def complain(text: str) -> None:
    """Tell a mistake, on standard error."""
    sys.stderr.write(f"agentgym: {clean(text)}\n")


def narrator() -> Callable[[str], None]:
    """Return what tells progress on standard error, each line with the seconds since now."""
    began = time.perf_counter()

    def tell(line: str) -> None:
        sys.stderr.write(f"[{time.perf_counter() - began:6.1f} s] {clean(line)}\n")
        sys.stderr.flush()

    return tell
