"""For authors of patterns and industries: what is wrong in the files.

`python -m agentgym.sources.compose FILE...` or `--all`. Files beside them that cannot be read
are passed over; slots that no pattern has are a problem with `--all`, else a note.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from agentgym.errors import AgentGymError
from agentgym.formats import data_root, read
from agentgym.sources.compose.check import check_industry, check_pattern
from agentgym.sources.compose.check.views import views
from agentgym.sources.compose.library import Library, parse_either
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
    library, own, faults, skipped = _read(paths, wanted)
    known = views(library)
    problems = 0
    for path in wanted:
        lines = [faults[path]] if path in faults else []
        if path in own:
            one = own[path]
            found = (
                check_industry(one, library, known)
                if isinstance(one, Industry)
                else check_pattern(one, library, known)
            )
            away = [each.found for each in found if each.expected in _NAMED and not options.all]
            lines = [str(each) for each in found if options.all or each.expected not in _NAMED]
            if away:
                named = ", ".join(dict.fromkeys(name.strip("'") for name in away))
                sys.stdout.write(f"note: {path.stem}: no pattern here has {named}\n")
        problems += len(lines)
        sys.stdout.writelines(f"{line}\n" for line in lines)
    for path in skipped:
        sys.stdout.write(f"note: {path.name} cannot be read yet; its slots are unknown\n")
    files = f"{len(wanted)} file{'' if len(wanted) == 1 else 's'}"
    count = f"{problems} problem{'' if problems == 1 else 's'}"
    sys.stdout.write(f"{files}, {count if problems else 'no problem'}\n")
    return 1 if problems else 0


_One = Pattern | Industry


def _read(
    paths: list[Path], wanted: list[Path]
) -> tuple[Library, dict[Path, _One], dict[Path, str], list[Path]]:
    """Read what can be read.

    Returns:
        The library; the files that are wanted, as read; their faults; the others that cannot be
        read.
    """
    patterns: dict[str, Pattern] = {}
    industries: dict[str, Industry] = {}
    own: dict[Path, _One] = {}
    faults: dict[Path, str] = {}
    skipped: list[Path] = []
    for path in paths:
        try:
            one = parse_either(read(path), where=str(path))
        except AgentGymError as error:
            if path in wanted:
                faults[path] = str(error)
            else:
                skipped.append(path)
            continue
        if one.name != path.stem:
            faults[path] = f"{path}: expected name = {path.stem!r}, found {one.name!r}"
            continue
        # A file that is wanted stands before the committed one of its name.
        if isinstance(one, Industry):
            industries.setdefault(one.name, one)
        else:
            patterns.setdefault(one.name, one)
        if path in wanted:
            own[path] = one
    return Library(patterns=patterns, industries=industries), own, faults, skipped


if __name__ == "__main__":
    raise SystemExit(main())
