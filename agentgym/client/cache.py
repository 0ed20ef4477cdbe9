"""Answers kept in files, so that the same build needs no server and gives the same bytes.

A question in canonical form comes in; the answer given to it before goes out. Next: `wire`.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from agentgym.client.records import Answer
from agentgym.errors import FormatError
from agentgym.formats import Json, Record, decode, encode, fingerprint, write

__all__ = ["Cache", "default_folder"]

_FORM = 1


class _Entry(Record, kw_only=True, omit_defaults=False):
    form: int
    key: str
    seal: str
    """SHA-256 of the canonical answer: a file that was cut or edited is no answer."""
    answer: Answer


class Cache:
    """A folder of answers, one file each, named by what was asked.

    Several threads and processes may share it: files appear whole, and whoever writes the same
    question last has its answer kept.

    Args:
        folder: Where the files lie; made when the first answer is kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @staticmethod
    def key(question: Json) -> str:
        """Return the name of a question: SHA-256 of its canonical JSON."""
        return fingerprint(encode(question))

    def get(self, key: str) -> Answer | None:
        """Return the answer kept under the key; None where there is none that is whole."""
        try:
            content = self._path(key).read_bytes()
            entry = decode(content, _Entry, where=key)
        except (OSError, FormatError):
            return None
        if entry.form != _FORM or entry.key != key or entry.seal != _seal(entry.answer):
            return None
        return msgspec.structs.replace(entry.answer, cached=True)

    def put(self, key: str, answer: Answer) -> None:
        """Keep an answer.

        Raises:
            UsageError: The folder cannot be written.
        """
        kept = msgspec.structs.replace(answer, cached=False)
        entry = _Entry(form=_FORM, key=key, seal=_seal(kept), answer=kept)
        write(self._path(key), encode(entry) + b"\n")

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.json"


def _seal(answer: Answer) -> str:
    return fingerprint(encode(msgspec.structs.replace(answer, cached=False)))


def default_folder() -> Path:
    """Return where answers are kept: `$AGENTGYM_CACHE`, or `~/.cache/agentgym/answers`."""
    named = os.environ.get("AGENTGYM_CACHE")
    return Path(named) if named else Path.home() / ".cache" / "agentgym" / "answers"
