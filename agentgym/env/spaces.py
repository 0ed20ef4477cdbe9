"""Text spaces that hold any Unicode text and survive the vector environments.

Gymnasium's own `Text` fails on the first space or accent, and reads garbage from shared
memory. `Unicode` registers with the shared-memory functions instead, and what the
parent process reads decodes itself when it is copied. Next: `tool_env`.
"""

from __future__ import annotations

import copy
import multiprocessing
import struct
from collections.abc import Iterator, Sequence
from multiprocessing.sharedctypes import SynchronizedArray
from types import ModuleType
from typing import Any, overload

import numpy as np
from gymnasium.spaces import Space
from gymnasium.vector.utils import (
    create_shared_memory,
    read_from_shared_memory,
    write_to_shared_memory,
)
from numpy.typing import NDArray

from agentgym.formats import to_text

__all__ = ["ActionText", "SharedTexts", "Unicode"]

_LETTERS = "abcdefghijklmnopqrstuvwxyz 0123456789.,?-_{}[]\"'äéß中文🙂"
_HEAD = struct.Struct("<q")


class Unicode(Space[str]):
    """Texts of any characters that UTF-8 can hold.

    Args:
        max_length: Longest text, in characters.
        seed: Seeds `sample`.
    """

    def __init__(self, max_length: int, *, seed: int | np.random.Generator | None = None) -> None:
        self.max_length = max_length
        super().__init__(shape=(), dtype=str, seed=seed)

    def contains(self, x: Any) -> bool:
        """Tell whether `x` is such a text; costs O(1) for ASCII texts."""
        if not isinstance(x, str) or len(x) > self.max_length:
            return False
        if x.isascii():
            return True
        try:
            x.encode()
        except UnicodeEncodeError:
            return False
        return True

    def sample(self, mask: Any | None = None, probability: Any | None = None) -> str:  # noqa: ARG002
        """Draw a short text; masks are not supported and ignored."""
        length = int(self.np_random.integers(0, min(self.max_length, 32) + 1))
        picks = self.np_random.integers(0, len(_LETTERS), size=length)
        return "".join(_LETTERS[int(pick)] for pick in picks)

    @property
    def is_np_flattenable(self) -> bool:
        """False: a text has no fixed shape."""
        return False

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.max_length})"

    def __eq__(self, other: object) -> bool:
        return (
            type(other) is type(self)
            and isinstance(other, Unicode)
            and self.max_length == other.max_length
        )

    def __hash__(self) -> int:
        return hash((type(self).__name__, self.max_length))


class ActionText(Unicode):
    """Actions: any text. What `sample` draws is mostly a call of one of the tools.

    Args:
        max_length: Longest action, in characters.
        tools: Names of the tools that `sample` calls.
        seed: Seeds `sample`.
    """

    def __init__(
        self,
        max_length: int,
        tools: Sequence[str] = (),
        *,
        seed: int | np.random.Generator | None = None,
    ) -> None:
        self.tools = tuple(tools)
        super().__init__(max_length, seed=seed)

    def sample(self, mask: Any | None = None, probability: Any | None = None) -> str:  # noqa: ARG002
        """Draw a call without arguments, or a text; masks are not supported and ignored."""
        if self.tools and self.np_random.random() < 0.8:
            name = self.tools[int(self.np_random.integers(len(self.tools)))]
            return to_text({"name": name, "arguments": {}})
        return super().sample()


class SharedTexts(Sequence[str]):
    """The texts in a piece of shared memory, read when they are asked for.

    A deep copy of it is a tuple of the texts as they are then, which is what
    `AsyncVectorEnv` hands out.
    """

    def __init__(self, memory: SynchronizedArray[Any], n: int) -> None:
        self._slots: NDArray[np.uint8] = np.frombuffer(
            memory.get_obj(),  # type: ignore[call-overload]
            dtype=np.uint8,
        ).reshape(n, -1)

    def __len__(self) -> int:
        return len(self._slots)

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[str, ...]: ...

    def __getitem__(self, index: int | slice) -> str | tuple[str, ...]:
        if isinstance(index, slice):
            return tuple(self)[index]
        slot = memoryview(self._slots[index])
        (length,) = _HEAD.unpack(slot[: _HEAD.size])
        return str(slot[_HEAD.size : _HEAD.size + length], "utf-8")

    def __iter__(self) -> Iterator[str]:
        return (self[index] for index in range(len(self)))

    def __deepcopy__(self, memo: dict[int, Any]) -> tuple[str, ...]:
        return copy.deepcopy(tuple(self), memo)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (tuple, list, SharedTexts)) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"SharedTexts{tuple(self)!r}"


@create_shared_memory.register(Unicode)
def _create_memory(
    space: Unicode, n: int = 1, ctx: ModuleType = multiprocessing
) -> SynchronizedArray[Any]:
    memory: SynchronizedArray[Any] = ctx.Array("B", n * (_HEAD.size + 4 * space.max_length))
    return memory


@read_from_shared_memory.register(Unicode)
def _read(_space: Unicode, shared_memory: SynchronizedArray[Any], n: int = 1) -> SharedTexts:
    return SharedTexts(shared_memory, n)


@write_to_shared_memory.register(Unicode)
def _write(space: Unicode, index: int, value: str, shared_memory: SynchronizedArray[Any]) -> None:
    content = value.encode()
    size = _HEAD.size + 4 * space.max_length
    memory = memoryview(shared_memory.get_obj()).cast("B")
    start = index * size + _HEAD.size
    memory[start : start + len(content)] = content
    memory[index * size : start] = _HEAD.pack(len(content))
