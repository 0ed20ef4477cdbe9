"""Units as people say them: `bytes` for `B`, `$` for `USD`. Next: `scan`."""

from __future__ import annotations

__all__ = ["MONEY", "SIGNS", "in_words", "unit_in", "unit_words"]

SIGNS = {"USD": "$", "EUR": "€", "GBP": "£"}


def unit_in(unit: str, label: str) -> bool:
    """Tell whether a label names its unit itself: `milliseconds`, `weight in kg`."""
    words = set(label.lower().split())
    names = (unit.lower(), *_UNIT_WORDS.get(unit, ()), *_OTHER_NAMES.get(unit, ()))
    return any(name in words or f"{name}s" in words for name in names)


def unit_words(unit: str, digits: str = "") -> str:
    """Return what people say for a unit: `bytes` for `B`; after `1`, the singular.

    Args:
        unit: Its sign.
        digits: The number before it; without one, the plural.
    """
    one, several = _UNIT_WORDS.get(unit, (unit, unit))
    if digits and unit not in _IN_WORDS:
        return unit
    return one if digits == "1" else several


_UNIT_WORDS = {
    "EUR": ("euro", "euros"),
    "USD": ("US dollar", "US dollars"),
    "GBP": ("pound sterling", "pounds sterling"),
    "CHF": ("Swiss franc", "Swiss francs"),
    "JPY": ("Japanese yen", "Japanese yen"),
    "us": ("microsecond", "microseconds"),
    "ms": ("millisecond", "milliseconds"),
    "s": ("second", "seconds"),
    "min": ("minute", "minutes"),
    "h": ("hour", "hours"),
    "d": ("day", "days"),
    "B": ("byte", "bytes"),
    "kB": ("kilobyte", "kilobytes"),
    "KB": ("kilobyte", "kilobytes"),
    "MB": ("megabyte", "megabytes"),
    "GB": ("gigabyte", "gigabytes"),
    "kg": ("kilogram", "kilograms"),
    "g": ("gram", "grams"),
    "mg": ("milligram", "milligrams"),
    "t": ("tonne", "tonnes"),
    "lb": ("pound", "pounds"),
    "m": ("meter", "meters"),
    "cm": ("centimeter", "centimeters"),
    "mm": ("millimeter", "millimeters"),
    "km": ("kilometer", "kilometers"),
    "mi": ("mile", "miles"),
    "ft": ("foot", "feet"),
    "in": ("inch", "inches"),
    "m2": ("square meter", "square meters"),
    "l": ("liter", "liters"),
    "ml": ("milliliter", "milliliters"),
    "K": ("kelvin", "kelvin"),
    "W": ("watt", "watts"),
    "V": ("volt", "volts"),
    "deg": ("degree", "degrees"),
    "degC": ("degree Celsius", "degrees Celsius"),
    "degF": ("degree Fahrenheit", "degrees Fahrenheit"),
    "%": ("percent", "percent"),
}
MONEY = frozenset({"EUR", "USD", "GBP", "CHF", "JPY"})
_OTHER_NAMES = {"kg": ("kilo",), "m": ("metre",), "km": ("kilometre",), "%": ("percentage",)}
_IN_WORDS = frozenset("us ms s min h d B m2 mi ft in deg degC degF %".split())
"""Units that are written out after a number."""


def in_words(unit: str) -> tuple[str, str]:
    """Return the words for one and for several of a unit."""
    return _UNIT_WORDS.get(unit, (unit, unit))
