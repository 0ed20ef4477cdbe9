"""`Columns`: what many environments tell, put together as Gymnasium does it, when it is read.

A step of many environments is dearer to put together than to play; most of it is never looked at.
Next: `vector`.
"""

from __future__ import annotations

import copy
from collections.abc import ItemsView, Iterator, KeysView, Sequence, ValuesView
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Columns"]


class Columns(dict[str, Any]):
    """The infos of a vector environment: a dict of arrays, each with a mask `_key`.

    It equals the dict that Gymnasium's own vector environments make of the same infos, in keys,
    their order, types and values, and may be changed as any dict. An array is made when it is
    first looked at; what asks for all of it, makes all of it.

    Args:
        told: Number of an environment and what it told, in that order; of one environment, what
            comes later wins.
        number: How many environments there are.
    """

    __slots__ = ("_number", "_opened", "_told")

    def __init__(self, told: Sequence[tuple[int, dict[str, Any]]], number: int) -> None:
        super().__init__()
        self._told, self._number = told, number
        self._opened: tuple[tuple[str, ...], dict[str, None]] | None = None
        """All names in the order in which Gymnasium has them, and those that are still to be made;
        None before anybody has looked."""

    @property
    def _names(self) -> tuple[str, ...]:
        return (self._opened or self._open())[0]

    @property
    def _waiting(self) -> dict[str, None]:
        return (self._opened or self._open())[1]

    def _open(self) -> tuple[tuple[str, ...], dict[str, None]]:
        names: dict[str, None] = {}
        before: Any = None
        for _, info in self._told:
            if before is None or info.keys() != before:
                before = info.keys()
                for name in before:
                    names[name] = names[f"_{name}"] = None
        self._opened = tuple(names), names
        return self._opened

    def __missing__(self, key: str) -> Any:
        if key not in self._waiting:
            raise KeyError(key)
        self._make(key)
        return super().__getitem__(key)

    def _make(self, key: str) -> None:
        """Make an array and its mask, or those of them that are not there yet."""
        name = key[1:] if key.startswith("_") and key[1:] in self._names else key
        values, mask = _column(self._told, name, self._number)
        for made, array in ((name, values), (f"_{name}", mask)):
            if made in self._waiting:
                del self._waiting[made]
                super().__setitem__(made, array)

    def _whole(self) -> None:
        """Make what is not there yet."""
        if self._waiting:
            while self._waiting:
                self._make(next(iter(self._waiting)))
            made = dict(super().items())
            order = {name: made[name] for name in self._names if name in made}
            super().clear()
            super().update(order | made)
            self._told = ()

    def _forget(self, key: object) -> None:
        if isinstance(key, str):
            self._waiting.pop(key, None)

    def __contains__(self, key: object) -> bool:
        return super().__contains__(key) or key in self._waiting

    def __setitem__(self, key: str, value: Any) -> None:
        self._forget(key)
        super().__setitem__(key, value)

    def __delitem__(self, key: str) -> None:
        _ = self[key]
        super().__delitem__(key)

    def __len__(self) -> int:
        return super().__len__() + len(self._waiting)

    def __iter__(self) -> Iterator[str]:
        self._whole()
        return super().__iter__()

    def __reversed__(self) -> Iterator[str]:
        self._whole()
        return super().__reversed__()

    def __eq__(self, other: object) -> bool:
        self._whole()
        if isinstance(other, Columns):
            other._whole()
        return super().__eq__(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None

    def __repr__(self) -> str:
        self._whole()
        return super().__repr__()

    def __or__(self, other: Any) -> Any:
        self._whole()
        return super().__or__(other)

    def __ror__(self, other: Any) -> Any:
        self._whole()
        return super().__ror__(other)

    def __ior__(self, other: Any) -> Any:
        self.update(other)
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (dict(self.items()),)

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Any]:
        return {key: copy.deepcopy(value, memo) for key, value in self.items()}

    def copy(self) -> dict[str, Any]:
        """Return an ordinary dict with the same entries."""
        return dict(self.items())

    __copy__ = copy

    def get(self, key: str, default: Any = None) -> Any:
        """Return an entry, or the default where there is none."""
        try:
            return self[key]
        except KeyError:
            return default

    def keys(self) -> KeysView[str]:  # type: ignore[override]
        """Return the keys."""
        self._whole()
        return super().keys()

    def values(self) -> ValuesView[Any]:  # type: ignore[override]
        """Return the entries."""
        self._whole()
        return super().values()

    def items(self) -> ItemsView[str, Any]:  # type: ignore[override]
        """Return keys and entries."""
        self._whole()
        return super().items()

    def pop(self, key: str, *default: Any) -> Any:
        """Take an entry out."""
        if key in self:
            _ = self[key]
        return super().pop(key, *default)

    def popitem(self) -> tuple[str, Any]:
        """Take the last entry out."""
        self._whole()
        return super().popitem()

    def setdefault(self, key: str, default: Any = None) -> Any:
        """Return an entry; where there is none, the default is put in."""
        if key not in self:
            self[key] = default
        return self[key]

    def update(self, *given: Any, **more: Any) -> None:
        """Put entries in."""
        for key, value in dict(*given, **more).items():
            self[key] = value

    def clear(self) -> None:
        """Take all entries out."""
        self._waiting.clear()
        super().clear()


def _column(
    told: Sequence[tuple[int, dict[str, Any]]], name: str, number: int
) -> tuple[Any, NDArray[np.bool_]]:
    """Put together what environments told under one name, and which of them did."""
    found = [(place, info[name]) for place, info in told if name in info]
    mask = np.zeros(number, dtype=np.bool_)
    mask[[place for place, _ in found]] = True
    first = found[0][1]
    kind = type(first)
    if isinstance(first, dict) and name != "final_obs":
        return Columns([one for one in found if isinstance(one[1], dict)], number), mask
    array: NDArray[Any]
    if name != "final_obs" and (kind in (int, float, bool) or issubclass(kind, np.number)):
        array = np.zeros(number, dtype=kind)
    elif name != "final_obs" and isinstance(first, np.ndarray):
        array = np.zeros((number, *first.shape), dtype=first.dtype)
    else:
        array = np.full(number, fill_value=None, dtype=object)
    for place, value in found:
        array[place] = value
    return array, mask
