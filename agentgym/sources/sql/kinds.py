"""What a statement is, told from its first words. Next: `script`."""

from __future__ import annotations

import re

__all__ = ["SYNTAX", "classify", "routine"]

SYNTAX = "statement with a syntax error"
_KINDS: tuple[tuple[str, str], ...] = (
    (r"(?:GLOBAL |LOCAL )?TEMP(?:ORARY)? (?:TABLE|VIEW)", "temporary table or view"),
    (r"(?:UNLOGGED |FOREIGN )?TABLE", "table"),
    (r"(?:[\w=]+ )*?(?:MATERIALIZED |RECURSIVE |SECURITY \w+ )*VIEW", "view"),
    (r"UNIQUE (?:CLUSTERED |NONCLUSTERED )?INDEX", "unique index"),
    (r"(?:\w+ )?INDEX", "index"),
    (r"(?:CONSTRAINT |EVENT )?TRIGGER", "trigger"),
    (r"FUNCTION", "function"),
    (r"PROCEDURE", "procedure"),
    (r"AGGREGATE", "function"),
    (r"SEQUENCE", "sequence"),
    (r"TYPE", "type"),
    (r"DOMAIN", "domain"),
    (r"VIRTUAL TABLE", "virtual table"),
    (r"SCHEMA|DATABASE|EXTENSION|ROLE|USER|SERVER|PUBLICATION|TABLESPACE", "setting"),
    (r"SUBSCRIPTION|FOREIGN DATA WRAPPER|(?:TRUSTED )?(?:PROCEDURAL )?LANGUAGE", "setting"),
    (r"RULE|POLICY|CAST|OPERATOR|COLLATION|EVENT|STATISTICS|TEXT SEARCH", "rule or operator"),
)
_MADE = r"CREATE (?:OR REPLACE )?(?:DEFINER\s*=\s*\S+ )?(?:{})\b"
_CREATE = [
    (
        re.compile(
            rf"CREATE (?:OR REPLACE )?(?:DEFINER\s*=\s*\S+ )?(?:{pattern})\b", re.IGNORECASE
        ),
        kind,
    )
    for pattern, kind in _KINDS
]
_OTHER: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), kind)
    for pattern, kind in (
        (r"(?:INSERT|REPLACE)\b", "insert"),
        (r"COPY\b.*\bFROM STDIN\b", "copy"),
        (r"COMMENT ON (?:TABLE|COLUMN)\b", "comment"),
        (r"DROP TABLE\b", "drop"),
        (r"(?:SET|USE|BEGIN|COMMIT|END|ROLLBACK|START|LOCK|UNLOCK|PRAGMA|VACUUM)\b", "setting"),
        (r"(?:ANALYZE|DROP|SAVEPOINT|RELEASE|RESET|SHOW|FLUSH|REFRESH|CLUSTER)\b", "setting"),
        (r"(?:REINDEX|DISCARD|EXPLAIN)\b", "setting"),
        (r"(?:GRANT|REVOKE|REASSIGN|SECURITY)\b|ALTER DEFAULT PRIVILEGES\b", "grant"),
        (r"ALTER\b.*\bOWNER TO\b", "change of owner"),
        (r"ALTER (?:FOREIGN )?TABLE\b", "alter"),
        (r"ALTER SEQUENCE\b", "sequence"),
        (r"ALTER (?:TYPE|DOMAIN)\b", "change of a type"),
        (r"ALTER \w+", "setting"),
        (r"COMMENT ON\b", "comment on something else"),
        (r"(?:UPDATE|DELETE|TRUNCATE|MERGE)\b", "change of rows"),
        (r"(?:SELECT|WITH|VALUES|TABLE)\b", "query"),
        (r"(?:CALL|DO|EXECUTE|EXEC|PREPARE|DEALLOCATE|LISTEN|NOTIFY)\b", "call of a procedure"),
        (r"(?:COPY|LOAD|IMPORT)\b", "rows of another file"),
    )
)
_SETTING = re.compile(
    r"/\*!\d*\s*(?P<view>.*\bVIEW\b)?(?P<trigger>.*\bTRIGGER\b)?"
    r"(?P<routine>.*\b(?:PROCEDURE|FUNCTION|EVENT)\b)?",
    re.IGNORECASE | re.DOTALL,
)


def classify(text: str) -> str:
    """Tell what a statement is: what to do with it, or under which kind to count it."""
    head = " ".join(text[:400].split())
    if head.startswith("/*!"):
        return _wrapped(head)
    if head[:6].casefold() == "create":
        return next((kind for pattern, kind in _CREATE if pattern.match(head)), SYNTAX)
    return next((kind for pattern, kind in _OTHER if pattern.match(head)), SYNTAX)


_ROUTINE = re.compile(
    r"(?:/\*!\d*\s*)?CREATE\b.*?\b(?:TRIGGER|FUNCTION|PROCEDURE|AGGREGATE)\b(?:\*/)?\s+"
    r"(?:IF\s+NOT\s+EXISTS\s+)?(?P<name>(?:\"[^\"]+\"|`[^`]+`|\[[^\]]+\]|[^\s(\"`\[]+))",
    re.IGNORECASE | re.DOTALL,
)
_RUN = frozenset({"trigger", "function", "procedure"})


def routine(text: str, kind: str) -> str:
    """Return the name of a trigger, function or procedure; empty for all other statements."""
    found = _ROUTINE.match(text[:600]) if kind in _RUN else None
    return found["name"].strip('"`[]').rpartition(".")[2].strip('"`[]') if found else ""


def _wrapped(head: str) -> str:
    """Classify what mysqldump writes as a comment for its own kind."""
    found = _SETTING.match(head)
    groups = found.groupdict() if found else {}
    if "CREATE" in head.upper():
        for kind, name in (("trigger", "trigger"), ("routine", "procedure"), ("view", "view")):
            if groups.get(kind) or f" {name.upper()} " in head.upper():
                return name
    return "setting"
