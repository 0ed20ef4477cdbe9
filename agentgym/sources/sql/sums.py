"""Generated columns: sums of products of columns, read from their expressions.

A tree comes in; signed products of column names go out, or nothing. Next: `exclusions`.
"""

from __future__ import annotations

from sqlglot import exp

__all__ = ["summands"]

Summand = tuple[int, tuple[str, ...]]
_MOST = 12


def summands(node: exp.Expression | None) -> tuple[Summand, ...]:
    """Multiply an expression out into signed products of columns.

    `quantity * price * (1 - discount)` is `quantity * price` less `quantity * price * discount`.

    Returns:
        Sign (1 or -1) and columns of each product; empty where the expression is anything else:
        has other constants, functions, divisions.
    """
    try:
        found = _expand(node)
    except ValueError:
        return ()
    plain = all(columns for _, columns in found)
    return tuple(found) if plain and 0 < len(found) <= _MOST else ()


def _expand(node: exp.Expression | None) -> list[Summand]:
    """Return the products of an expression; one of no columns stands for 1."""
    if isinstance(node, (exp.Paren, exp.Cast)):
        return _expand(node.this)
    if isinstance(node, exp.Round):
        # To how many digits is the field's to say: it has a scale of its own.
        return _expand(node.this)
    if isinstance(node, exp.Coalesce) and all(_is(n, "0") for n in node.expressions):
        return _expand(node.this)
    if isinstance(node, (exp.Column, exp.Identifier)):
        return [(1, (node.name,))]
    if _is(node, "1"):
        return [(1, ())]
    if isinstance(node, exp.Neg):
        return _times([(-1, ())], _expand(node.this))
    if isinstance(node, exp.Add):
        return _expand(node.this) + _expand(node.expression)
    if isinstance(node, exp.Sub):
        return _expand(node.this) + _times([(-1, ())], _expand(node.expression))
    if isinstance(node, exp.Mul):
        return _times(_expand(node.this), _expand(node.expression))
    raise ValueError


def _times(left: list[Summand], right: list[Summand]) -> list[Summand]:
    if len(left) * len(right) > _MOST:
        raise ValueError
    return [(a * b, (*mine, *theirs)) for a, mine in left for b, theirs in right]


def _is(node: exp.Expression | None, number: str) -> bool:
    if not isinstance(node, exp.Literal) or node.is_string:
        return False
    whole, _, rest = node.name.partition(".")
    return whole == number and not rest.strip("0")
