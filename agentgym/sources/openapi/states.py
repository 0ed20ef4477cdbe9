"""Life cycles that actions show: `cancel`, `approve`, `/orders/{id}/ship`.

A verb and the states of a field come in; the state to which the verb leads goes out, and the
life cycle that the actions on a resource make together. Next: `terms`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from agentgym.formats import Json
from agentgym.schema import Entity, Field, Lifecycle
from agentgym.schema.roles.lifecycle import lifecycle, stage
from agentgym.schema.roles.sample import Sample
from agentgym.sources.openapi.names import parts

__all__ = ["lived", "moved_to"]

_STATES: dict[str, tuple[str, ...]] = {
    "cancel": ("canceled", "cancelled"),
    "start": ("started", "running", "in progress", "active"),
    "begin": ("started", "in progress"),
    "run": ("running",),
    "stop": ("stopped", "terminated"),
    "finish": ("finished", "completed", "done"),
    "complete": ("completed", "complete", "done", "finished"),
    "end": ("ended", "finished", "closed"),
    "pause": ("paused",),
    "suspend": ("suspended",),
    "resume": ("running", "active", "resumed"),
    "activate": ("active", "activated", "enabled"),
    "enable": ("enabled", "active"),
    "deactivate": ("inactive", "deactivated", "disabled"),
    "disable": ("disabled", "inactive"),
    "open": ("open",),
    "reopen": ("open", "reopened"),
    "close": ("closed",),
    "pay": ("paid",),
    "send": ("sent",),
    "submit": ("submitted", "pending"),
    "publish": ("published", "live"),
    "unpublish": ("unpublished", "draft"),
    "archive": ("archived",),
    "unarchive": ("active", "unarchived"),
    "hold": ("on hold", "held"),
    "deny": ("denied",),
    "void": ("voided", "void"),
    "freeze": ("frozen",),
    "withdraw": ("withdrawn",),
    "ship": ("shipped",),
    "deliver": ("delivered",),
    "fulfil": ("fulfilled",),
    "fulfill": ("fulfilled",),
    "terminate": ("terminated",),
    "restore": ("active", "restored"),
    "lock": ("locked",),
    "block": ("blocked",),
    "ban": ("banned",),
    "acknowledge": ("acknowledged", "acked"),
    "capture": ("captured", "succeeded"),
    "confirm": ("confirmed",),
}
_FLAGS: dict[str, tuple[tuple[str, ...], bool]] = {
    "enable": (("enabled", "active", "is_enabled", "is_active"), True),
    "disable": (("enabled", "active", "is_enabled", "is_active"), False),
    "activate": (("active", "enabled", "is_active", "activated"), True),
    "deactivate": (("active", "enabled", "is_active", "activated"), False),
    "unlock": (("locked", "is_locked"), False),
    "unblock": (("blocked", "is_blocked"), False),
    "unarchive": (("archived", "is_archived"), False),
    "unmute": (("muted", "is_muted"), False),
    "unpin": (("pinned", "is_pinned"), False),
    "unstar": (("starred", "is_starred"), False),
    "unpublish": (("published", "is_published"), False),
    "unsuspend": (("suspended", "is_suspended"), False),
    "unhide": (("hidden", "is_hidden"), False),
    "hide": (("hidden", "is_hidden"), True),
}
_STATUS = frozenset("status state stage phase".split())


def moved_to(word: str, field: Field, values: Sequence[str]) -> Json:
    """Return the value of a field to which an action leads; None where it leads to none.

    Args:
        word: The action: `cancel`, `mark_as_paid`.
        field: A field of few values.
        values: Its values.
    """
    words = parts(word)
    if not words:
        return None
    verb = words[0]
    if field.type == "boolean":
        names, value = _FLAGS.get(verb, ((), True))
        plain = (f"{verb}ed", f"{verb}d", f"is_{verb}ed", f"is_{verb}d", f"{verb}{verb[-1]}ed")
        return value if field.name in (names or plain) else None
    if field.type != "enum":
        return None
    if verb in ("mark", "set", "make", "move", "change") and len(words) > 1:
        wanted: Iterable[str] = [" ".join(words[1:]).removeprefix("as ").removeprefix("to ")]
    else:
        wanted = (*_STATES.get(verb, ()), f"{verb}ed", f"{verb}d", f"{verb}{verb[-1]}ed",
                  f"{verb[:-1]}ied" if verb.endswith("y") else f"{verb}ed", verb)  # fmt: skip
    known = {" ".join(parts(value)): value for value in reversed(values)}
    return next((known[state] for state in wanted if state in known), None)


def lived(entity: Entity, words: Sequence[str]) -> Lifecycle | None:
    """Return the life cycle that the actions on an entity show, where its values alone do not.

    Args:
        entity: With an enum that is a status.
        words: The actions, in the order of the operations.
    """
    for field in entity.fields:
        named = _STATUS & set(field.name.split("_"))
        if field.type != "enum" or not field.values or not named or field.name in entity.key:
            continue
        if lifecycle(entity, field, Sample(())) is not None:
            return None
        reached = [state for word in words if (state := moved_to(word, field, field.values))]
        if not reached or not 2 <= len(field.values) <= 12:
            continue
        return _cycle(entity, field, list(dict.fromkeys(map(str, reached))))
    return None


def _cycle(entity: Entity, field: Field, reached: list[str]) -> Lifecycle:
    values = list(field.values or ())
    final = {value for value in values if stage(value) in ("done", "dropped")}
    start = [value for value in values if value not in reached and value not in final]
    first = str(field.default) if field.default in values else (start or values)[0]
    moves: dict[str, list[str]] = {value: [] for value in values}
    for value in values:
        if value in final and stage(value) == "dropped":
            continue
        moves[value] = [state for state in reached if state != value]
    found = Lifecycle(
        entity=entity.name,
        field=field.name,
        initial=(first,),
        moves={value: tuple(following) for value, following in moves.items()},
        evidence=(f"actions lead to {', '.join(reached)}",),
    )
    lost = found.unreachable
    return Lifecycle(
        entity=found.entity, field=found.field, initial=(first, *lost), moves=found.moves,
        evidence=found.evidence,
    )  # fmt: skip
