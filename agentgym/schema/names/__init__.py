"""Names: from a source's tables and columns to identifiers and to what people say.

`christen` names entities and fields, `relation_words` what they are to each other.
Used when a domain is built, never when it is played. Next: `roles`.
"""

from agentgym.schema.names.christening import Christening, Name, christen, snake
from agentgym.schema.names.relations import Reference, RelationName, relation_words

__all__ = [
    "Christening",
    "Name",
    "Reference",
    "RelationName",
    "christen",
    "relation_words",
    "snake",
]
