"""For authors of patterns and industries: what is wrong in the files.

`python -m agentgym.sources.compose FILE...` or `--all`. Files beside them that cannot be read
are passed over; slots that no pattern has are a problem with `--all`, else a note.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from agentgym.errors import AgentGymError
from agentgym.formats import data_root, fingerprint, read
from agentgym.sources.compose.check import check_industry, check_pattern
from agentgym.sources.compose.check.views import views
from agentgym.sources.compose.library import Library, parse
from agentgym.sources.compose.records import Industry, Pattern

_NAMED = ("a slot", "a pattern")


def main(given: list[str] | None = None) -> int:
    """Print the problems of the files, and return how it ended: 0 without problems, else 1."""
    reader = argparse.ArgumentParser(prog="python -m agentgym.sources.compose")
    reader.add_argument("files", nargs="*", type=Path)
    reader.add_argument("--all", action="store_true", help="every committed file")
    options = reader.parse_args(given)
    root = data_root("schemas")
    beside = [*sorted((root / "patterns").glob("*.toml")),
              *sorted((root / "industries").glob("*.toml"))]  # fmt: skip
    wanted = [path.resolve() for path in (beside if options.all else options.files)]
    if not wanted and not options.all:
        reader.error("name files, or --all")
    paths = list(dict.fromkeys([*wanted, *(path.resolve() for path in beside)]))
    library, faults, skipped = _read(paths, wanted)
    known = views(library)
    problems = 0
    for path in wanted:
        lines = [faults[path]] if path in faults else []
        if path not in faults:
            pattern = library.patterns.get(path.stem)
            if path.parent.name == "industries":
                found = check_industry(library.industries[path.stem], library, known)
            else:
                assert pattern is not None
                found = check_pattern(pattern, library, known)
            away = [one.found for one in found if one.expected in _NAMED and not options.all]
            lines = [str(one) for one in found if options.all or one.expected not in _NAMED]
            if away:
                named = ", ".join(dict.fromkeys(name.strip("'") for name in away))
                sys.stdout.write(f"note: {path.stem}: no pattern here has {named}\n")
        problems += len(lines)
        for line in lines:
            sys.stdout.write(f"{line}\n")
    for path in skipped:
        sys.stdout.write(f"note: {path.name} cannot be read yet; its slots are unknown\n")
    count = f"{problems} problem{'' if problems == 1 else 's'}"
    sys.stdout.write(f"{len(wanted)} files, {count if problems else 'no problem'}\n")
    return 1 if problems else 0


def _read(paths: list[Path], wanted: list[Path]) -> tuple[Library, dict[Path, str], list[Path]]:
    """Read what can be read; faults of the files that are wanted by file, and the others."""
    patterns: dict[str, Pattern] = {}
    industries: dict[str, Industry] = {}
    prints: dict[str, str] = {}
    faults: dict[Path, str] = {}
    skipped: list[Path] = []
    for path in paths:
        trade = path.parent.name == "industries"
        known: dict[str, Pattern] | dict[str, Industry] = industries if trade else patterns
        if path.stem in known:
            continue
        try:
            content = read(path)
            one: Industry | Pattern = (
                parse(content, Industry, where=str(path))
                if trade
                else parse(content, Pattern, where=str(path))
            )
            if one.name != path.stem:
                faults[path] = f"{path}: expected name = {path.stem!r}, found {one.name!r}"
                continue
        except AgentGymError as error:
            if path in wanted:
                faults[path] = str(error)
            else:
                skipped.append(path)
            continue
        prints[f"{'industries' if trade else 'patterns'}/{path.stem}"] = fingerprint(content)
        if isinstance(one, Industry):
            industries[path.stem] = one
        else:
            patterns[path.stem] = one
    return Library(patterns=patterns, industries=industries, prints=prints), faults, skipped


if __name__ == "__main__":
    raise SystemExit(main())
