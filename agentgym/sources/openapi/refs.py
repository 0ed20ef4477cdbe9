"""What references in a description lead to: local ones, and those into files beside it.

No address is ever fetched. What cannot be followed is counted once for each place that it
names. Next: `shapes`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote

from agentgym.errors import SourceError
from agentgym.formats import Json
from agentgym.sources.openapi.load import load

__all__ = ["References"]

_LONGEST = 32
"""References that lead to references, in a row."""
_LARGEST = 50_000_000
_MOST_FILES = 2_000


class References:
    """Follows the references of one description.

    Args:
        document: The whole description.
        path: Its file; None where it is none, so that there are no files beside it.
        skipped: Gets the counts of references that lead nowhere.
    """

    def __init__(self, document: Json, path: Path | None, skipped: Counter[str]) -> None:
        self.document = document
        self.folder = None if path is None else path.resolve().parent
        self.skipped = skipped
        self.files: dict[Path, Json] = {}
        self._homes: dict[int, Path] = {}
        """Folder from which a reference inside a value of another file is meant."""
        self._lost: set[str] = set()

    def follow(self, value: Json, seen: tuple[str, ...] = ()) -> tuple[Json, str]:
        """Return what a value stands for, and the name of the component that says it.

        Args:
            value: Any value; one without a reference stands for itself.
            seen: References that led here.

        Returns:
            The value and the last part of the last reference; None and nothing where a
            reference leads nowhere or in a circle.
        """
        name = ""
        while isinstance(value, dict) and isinstance(value.get("$ref"), str):
            reference = value["$ref"]
            if len(seen) > _LONGEST or reference in seen:
                self._lose(reference, "reference in a circle")
                return None, ""
            seen = (*seen, reference)
            found = self._find(reference, self._homes.get(id(value)))
            if found is None:
                return None, ""
            value, name = found, unquote(reference.rstrip("/").rpartition("/")[2])
        return value, name.partition("#")[0].removesuffix(".json").removesuffix(".yaml")

    def _find(self, reference: str, home: Path | None) -> Json:
        file, mark, pointer = reference.partition("#")
        if not mark and not file:
            return self._lose(reference, "broken reference")
        if "://" in file or file.startswith(("//", "urn:")):
            return self._lose(reference, "reference to an address")
        root = self.document if home is None else self.files.get(home, self.document)
        if file:
            place = self._beside(unquote(file), home)
            if place is None:
                return self._lose(reference, "reference to a file that is not there")
            root, home = self.files[place], place
        found = _pointed(root, pointer)
        if found is None:
            return self._lose(reference, "broken reference")
        if home is not None:
            self._mark(found, home)
        return found

    def _mark(self, value: Json, home: Path) -> None:
        """Remember from where the references in a value of another file are meant."""
        stack = [value]
        while stack:
            one = stack.pop()
            if isinstance(one, dict):
                if id(one) in self._homes:
                    continue
                self._homes[id(one)] = home
                stack += one.values()
            elif isinstance(one, list):
                stack += one

    def _beside(self, file: str, home: Path | None) -> Path | None:
        """Read a file in the folder of the description, or below it; None where it is none."""
        if self.folder is None:
            return None
        start = self.folder if home is None else home.parent
        try:
            place = (start / file).resolve()
            known = place in self.files
            inside = place.is_relative_to(self.folder) and place.is_file()
            if not known and (not inside or len(self.files) >= _MOST_FILES):
                return None
            if not known:
                if place.stat().st_size > _LARGEST:
                    return None
                self.files[place] = load(place.read_text("utf-8-sig"), where=str(place))
        except (OSError, ValueError, SourceError):
            return None
        return place

    def _lose(self, reference: str, why: str) -> None:
        if reference not in self._lost:
            self._lost.add(reference)
            self.skipped[why] += 1


def _pointed(root: Json, pointer: str) -> Json:
    """Return the value at a JSON pointer; None where there is none."""
    value = root
    for part in pointer.split("/")[1:] if pointer else []:
        key = unquote(part).replace("~1", "/").replace("~0", "~")
        if isinstance(value, Mapping):
            value = value.get(key, value.get(part))
        elif isinstance(value, list) and key.isascii() and key.isdigit():
            value = value[int(key)] if int(key) < len(value) else None
        else:
            return None
        if value is None:
            return None
    return value
