"""API descriptions and lists of tools: what they do, and what it is done to.

A text in JSON or YAML comes in. `operations` gives what it describes, cheaply: `load` decodes it,
`kind` tells what it is, `refs` and `shapes` resolve its schemas, `document` and `listed` make
`Operation`s, with the help of `prose`, `names`, `verbs`, `steps`, `intent` and `envelope`.
`draft_of` makes a draft of operations, of one description or of many: `resources` finds what they
are about, `keys`, `within` and `relate` what that consists of and refers to, `part` a readable part
of it; `controls` and `bind` say what parameters stand for; `tables` makes raw tables, and
`placed`, `wording`, `making`, `reading`, `states`, `writing` and `terms` make the tools.
"""

from agentgym.sources.openapi.draft import draft_of
from agentgym.sources.openapi.kind import is_structured, may_be_api
from agentgym.sources.openapi.load import load
from agentgym.sources.openapi.operations import operations, read_text, unknown

__all__ = ["draft_of", "is_structured", "load", "may_be_api", "operations", "read_text", "unknown"]
