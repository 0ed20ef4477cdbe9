"""A small library of its own: three patterns and two trades, and how to spoil them."""

from pathlib import Path

from agentgym.sources.compose.library import Library, parse
from agentgym.sources.compose.records import Industry, Pattern

PATHS = {path.stem: path for path in sorted((Path(__file__).parent / "files").glob("*/*.toml"))}
TEXTS = {name: path.read_text() for name, path in PATHS.items()}


def library(**changed: str) -> Library:
    """Return the small library; a text that is given is taken instead of the file's."""
    texts = TEXTS | changed
    trades = [name for name, path in PATHS.items() if path.parent.name == "industries"]
    return Library(
        patterns={
            name: parse(text.encode(), Pattern, where=name)
            for name, text in texts.items()
            if name not in trades
        },
        industries={name: parse(texts[name].encode(), Industry, where=name) for name in trades},
    )
