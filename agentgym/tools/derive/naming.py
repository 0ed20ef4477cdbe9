"""Names of tools and parameters: ASCII identifiers, unique, short, and not reserved.

Schema names come in; what an agent types goes out. The reserved names are those that
trainers, agent frameworks and trace formats take for themselves. Next: `texts`.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable

from agentgym.rng import key
from agentgym.schema import Entity, Relation, Schema

__all__ = [
    "FREE",
    "MANUAL",
    "RESERVED_PARAMETERS",
    "RESERVED_TOOLS",
    "Names",
    "Parameters",
    "key_parameters",
    "plural",
    "short",
    "slug",
]

LONGEST = 64
"""Characters in a name: the limit of the strictest tool-calling interface."""

FREE = ("calculate", "current_time", "ask_user", "conclude")
"""The tools that belong to no entity, in the order in which they are shown."""

GLOSSARY = "look_up_term"
"""The tool that explains the words of the trade, where a domain has some."""

MANUAL = ("list_tools", "show_tool_doc", "read_manual", "search_manual")
"""The tools with which tools and rules are looked up; views show them."""

RESERVED_TOOLS = frozenset(
    "bash shell sh terminal python py python3 ipython execute execute_code "
    "add_and_execute_jupyter_code_cell finish stop submit end final_answer "
    "localization_finish execute_bash execute_ipython_cell str_replace_editor edit_file think "
    "browser web_read task_tracker generic_tool goto go_back back go_forward noop scroll fill "
    "select_option click dblclick hover press focus clear drag_and_drop upload_file type".split()
)
"""Tool names that agent frameworks and trace converters rewrite or run."""

CONTROLS = frozenset({"page", "sort_by", "descending", "function", "field"})
"""Parameters that terms declare by themselves."""

RESERVED_PARAMETERS = (
    frozenset("element_id xpath bid model_config kind summary security_risk self cls".split())
    | CONTROLS
)
"""Parameter names that converters drop or rewrite, or that terms use themselves."""

_BARE = frozenset(
    "id name code key no nr number num uuid guid slug title pk row_number row_id label".split()
)
_NOT_WORD = re.compile(r"[^a-z0-9]+")


def slug(text: str) -> str:
    """Make an identifier of an ASCII label: lower case, words joined by underscores, else empty."""
    if not text.isascii():
        return ""
    name = _NOT_WORD.sub("_", text.lower().replace("'", "")).strip("_")
    return f"n_{name}" if name[:1].isdigit() else name


def plural(entity: Entity) -> str:
    """Return the identifier of several rows of the entity."""
    return slug(entity.plural) or entity.name


def short(name: str, *, longest: int = LONGEST) -> str:
    """Shorten a name that is too long at a word, and mark it with six digits of its hash."""
    if len(name) <= longest:
        return name
    mark = f"{key('name', name):016x}"[:6]
    head = name[: longest - 7]
    cut = head.rfind("_")
    return f"{head[:cut] if cut > longest // 2 else head}_{mark}"


class Names:
    """The tool names given so far."""

    def __init__(self) -> None:
        self.taken: set[str] = {*FREE, GLOSSARY, *MANUAL}

    def take(self, *candidates: str) -> str:
        """Take the first of the candidates that is free; number the last where none is."""
        for candidate in candidates:
            name = short(candidate)
            if self._fits(name):
                self.taken.add(name)
                return name
        number = 2
        while True:
            name = f"{short(candidates[-1], longest=LONGEST - 4)}_{number}"
            if self._fits(name):
                self.taken.add(name)
                return name
            number += 1

    def _fits(self, name: str) -> bool:
        return name not in self.taken and name not in RESERVED_TOOLS and not keyword.iskeyword(name)


class Parameters:
    """The parameter names of one tool; the field's own name wherever that can be."""

    def __init__(self, entity: Entity, keys: Iterable[str] = ()) -> None:
        self.entity = entity
        self.taken = set(keys)

    def take(self, name: str) -> str:
        """Take a name for a parameter, qualified by its entity where it is not free."""
        qualified = f"{self.entity.name}_{name.lstrip('_')}"
        for candidate in (short(name), short(qualified)):
            if self._fits(candidate):
                self.taken.add(candidate)
                return candidate
        number = 2
        while not self._fits(f"{short(qualified, longest=LONGEST - 4)}_{number}"):
            number += 1
        found = f"{short(qualified, longest=LONGEST - 4)}_{number}"
        self.taken.add(found)
        return found

    def _fits(self, name: str) -> bool:
        return name not in self.taken and _legal(name)


def _legal(name: str) -> bool:
    return (
        name not in RESERVED_PARAMETERS and not name.startswith("_") and not keyword.iskeyword(name)
    )


def key_parameters(schema: Schema) -> dict[str, dict[str, str]]:
    """Name the key parameters of each entity: entity to key field to parameter.

    A key field keeps its name, unless that says nothing by itself (`id`), when the entity's
    name goes before it, or is reserved. No other field of the entity has the name.
    """
    return {entity.name: _keys(entity, schema.parents(entity.name)) for entity in schema.entities}


def _keys(entity: Entity, parents: Iterable[Relation]) -> dict[str, str]:
    pointing = {name for relation in parents for name in relation.fields}
    others = {field.name for field in entity.fields} - set(entity.key)
    taken = Parameters(entity)
    found = {}
    for name in entity.key:
        qualified = f"{entity.name}_{name}"
        if name in _BARE and name not in pointing and qualified not in others:
            found[name] = taken.take(qualified)
        else:
            found[name] = taken.take(name)
    return found
