"""Units and currencies: which words mean which, and what converts into what, exactly.

A table of our own, because fractions are exact, the signs are those that our schemas use,
and nothing is loaded for it. Bytes are not converted (a kilobyte is 1000 of them or 1024), nor
months into days, nor one currency into another. Next: `numbers`.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

__all__ = ["CURRENCIES", "LOOSE", "SIGNS", "WORDS", "convert", "signs", "words_of"]


class _Unit(NamedTuple):
    dimension: str
    factor: Fraction
    offset: Fraction = Fraction(0)


def _scale(dimension: str, text: str) -> dict[str, _Unit]:
    pairs = (part.split("=") for part in text.split())
    return {sign: _Unit(dimension, Fraction(factor)) for sign, factor in pairs}


CURRENCIES = tuple(
    "USD EUR GBP JPY CHF CNY INR CAD AUD SEK NOK DKK PLN BRL MXN CZK HUF KRW NZD SGD ZAR".split()
)
"""Codes of money; they stand before a number too."""
_FIXED = (*CURRENCIES, *"kB MB GB TB deg points pH bpm rpm mpg psi kpps".split())
_TABLE: dict[str, _Unit] = (
    _scale("time", "ns=1/1000000000 us=1/1000000 ms=1/1000 s=1 min=60 h=3600 d=86400 weeks=604800")
    | _scale("months", "months=1 years=12")
    | _scale("length", "um=1/1000000 mm=1/1000 cm=1/100 dm=1/10 m=1 km=1000")
    | _scale("length", "in=127/5000 ft=381/1250 yd=1143/1250 mi=201168/125 nmi=1852")
    | _scale("mass", "ug=1/1000000000 mg=1/1000000 g=1/1000 kg=1 t=1000")
    | _scale("mass", "oz=45359237/1600000000 lb=45359237/100000000")
    | _scale("volume", "ul=1/1000000 ml=1/1000 cl=1/100 dl=1/10 l=1 hl=100 m3=1000")
    | _scale("volume", "gal=473176473/125000000")
    | _scale("area", "mm2=1/1000000 cm2=1/10000 m2=1 ha=10000 km2=1000000 sq-ft=145161/1562500")
    | _scale("speed", "m/s=1 km/h=5/18 mph=1397/3125 kn=463/900")
    | _scale("power", "mW=1/1000 W=1 kW=1000 MW=1000000 GW=1000000000")
    | _scale("energy", "J=1 kJ=1000 MJ=1000000 Wh=3600 kWh=3600000 MWh=3600000000")
    | _scale("charge", "mAh=1/1000 Ah=1")
    | _scale("voltage", "mV=1/1000 V=1 kV=1000")
    | _scale("current", "mA=1/1000 A=1")
    | _scale("pressure", "Pa=1 hPa=100 kPa=1000 MPa=1000000 bar=100000")
    | _scale("frequency", "Hz=1 kHz=1000 MHz=1000000 GHz=1000000000")
    | _scale("rate", "bit/s=1 kbit/s=1000 Mbit/s=1000000 Gbit/s=1000000000")
    | _scale("part", "%=1 permille=1/10")
    | _scale("cents", "cents=1/100")
    | {
        "K": _Unit("temperature", Fraction(1)),
        "degC": _Unit("temperature", Fraction(1), Fraction(27315, 100)),
        "degF": _Unit("temperature", Fraction(5, 9), Fraction(45967, 180)),
        "B": _Unit("B", Fraction(1)),
    }
    | {sign: _Unit(sign, Fraction(1)) for sign in _FIXED}
)
_HUNDREDTHS = frozenset("USD EUR GBP CAD AUD NZD SGD MXN BRL PLN CHF".split())
"""Currencies of which a cent (penny, grosz, centavo) is the hundredth."""

SIGNS = {
    "US$": "USD", "A$": "AUD", "C$": "CAD", "R$": "BRL", "$": "USD CAD AUD MXN NZD SGD",
    "€": "EUR", "£": "GBP", "¥": "JPY CNY", "₹": "INR", "₩": "KRW", "zł": "PLN",
}  # fmt: skip
"""Signs that stand before a number or after it, to the currencies that they may mean."""

_SPELLED = {
    "ns": "nanosecond nanoseconds nsec", "us": "µs μs microsecond microseconds usec",
    "ms": "millisecond milliseconds msec", "s": "sec secs second seconds",
    "min": "mins minute minutes", "h": "hr hrs hour hours", "d": "day days",
    "weeks": "week wk wks", "months": "month mo", "years": "year yr yrs", "um": "µm μm micrometer "
    "micrometers", "mm": "millimeter millimeters millimetre millimetres",
    "cm": "centimeter centimeters centimetre centimetres", "dm": "decimeter decimeters",
    "m": "meter meters metre metres", "km": "kms kilometer kilometers kilometre kilometres",
    "in": "inch inches", "ft": "foot feet", "yd": "yds yard yards", "mi": "mile miles",
    "nmi": "nautical-mile nautical-miles", "ug": "µg μg microgram micrograms",
    "mg": "milligram milligrams", "g": "gm gram grams", "kg": "kgs kilo kilos kilogram kilograms",
    "t": "tonne tonnes metric-ton metric-tons", "oz": "ounce ounces", "lb": "lbs pound pounds",
    "ul": "µl microliter microliters", "ml": "milliliter milliliters millilitre millilitres",
    "cl": "centiliter centiliters", "dl": "deciliter deciliters", "hl": "hectoliter hectoliters",
    "l": "liter liters litre litres", "m3": "m³ cubic-meter cubic-meters cubic-metres",
    "gal": "gallon gallons", "mm2": "mm²", "cm2": "cm²", "km2": "km² square-kilometers",
    "m2": "m² sqm square-meter square-meters square-metres", "ha": "hectare hectares",
    "sq-ft": "sqft ft² ft2 square-foot square-feet", "kn": "knot knots",
    "m/s": "meters-per-second metres-per-second",
    "km/h": "kmh kph kilometers-per-hour kilometres-per-hour", "mph": "miles-per-hour",
    "W": "watt watts", "kW": "kilowatt kilowatts", "MW": "megawatt megawatts",
    "J": "joule joules", "kWh": "kilowatt-hour kilowatt-hours", "V": "volt volts",
    "A": "amp amps ampere amperes", "Hz": "hertz", "kHz": "kilohertz", "MHz": "megahertz",
    "GHz": "gigahertz", "kbit/s": "kbps", "Mbit/s": "mbps", "Gbit/s": "gbps",
    "Pa": "pascal pascals", "hPa": "hectopascals", "kPa": "kilopascals",
    "K": "kelvin", "degC": "°c ℃ celsius degrees-celsius degree-celsius",
    "degF": "°f ℉ fahrenheit degrees-fahrenheit degree-fahrenheit",
    "deg": "° degree degrees", "%": "percent per-cent pct percentage", "permille": "‰",
    "B": "byte bytes", "kB": "kilobyte kilobytes", "MB": "megabyte megabytes",
    "GB": "gigabyte gigabytes", "TB": "terabyte terabytes",
    "cents": "cent ct cts ¢ pence penny",
    "USD": "dollar dollars us-dollar us-dollars", "CAD": "dollar dollars canadian-dollars",
    "AUD": "dollar dollars australian-dollars", "NZD": "dollar dollars",
    "EUR": "euro euros", "GBP": "pound pounds pounds-sterling quid", "JPY": "yen", "CNY": "yuan",
    "CHF": "franc francs swiss-francs", "INR": "rupee rupees", "SEK": "kr kronor",
    "NOK": "kr kroner", "DKK": "kr kroner", "PLN": "zloty zlotys", "MXN": "peso pesos",
    "BRL": "real reais", "KRW": "won", "points": "point pts pt", "rpm": "revolutions-per-minute",
    "bpm": "beats-per-minute", "mpg": "miles-per-gallon",
}  # fmt: skip


def _words() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for sign in _TABLE:
        for word in (sign, *_SPELLED.get(sign, "").split()):
            found.setdefault(word.replace("-", " ").casefold(), []).append(sign)
    return {word: tuple(dict.fromkeys(signs)) for word, signs in found.items()}


WORDS = _words()
"""Words after a number, folded, to the units that they may mean: `pounds` are two."""

LOOSE = frozenset("in a m d t real point points pt second part".split())
"""Of these, words that stand after numbers in plain English too: units only where they fit."""


def words_of(unit: str) -> tuple[str, ...]:
    """Return the units of the table that a schema's unit may mean; none for another unit."""
    text = unit.replace("-", " ").strip()
    if text in _TABLE:
        return (text,)
    return WORDS.get(text.casefold(), ())


def signs(text: str) -> tuple[str, ...]:
    """Return the units that a written word or sign may mean; none where it is no unit."""
    if text in SIGNS:
        return tuple(SIGNS[text].split())
    if text in _TABLE:
        return (text,)
    return WORDS.get(text.casefold(), ())


def convert(number: Fraction, written: tuple[str, ...], unit: str) -> Fraction | None:
    """Turn a number of one unit into one of another, exactly.

    Args:
        number: How many.
        written: The units that the text may mean; the one that fits is taken, if one does.
        unit: The unit wanted, as a schema writes it.

    Returns:
        The number; None where none of the units converts into it.
    """
    for wanted in words_of(unit):
        if wanted in written:
            return number
        found = {_converted(number, _TABLE[one], _TABLE[wanted]) for one in written} - {None}
        if len(found) == 1:
            return found.pop()
    return None


def _converted(number: Fraction, given: _Unit, wanted: _Unit) -> Fraction | None:
    if given.dimension == wanted.dimension:
        return (number * given.factor + given.offset - wanted.offset) / wanted.factor
    if given.dimension == "cents" and wanted.dimension in _HUNDREDTHS:
        return number / 100
    if wanted.dimension == "cents" and given.dimension in _HUNDREDTHS:
        return number * 100
    return None
