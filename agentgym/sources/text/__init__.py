"""Words about a business, turned into a draft by a language model.

The model writes an outline: kinds of things, fields, references, rules. It sees the words and
never a row, and writes none. Its outline is made to fit, judged, and told back where it is wrong;
what stays wrong is left out. In order: `outline`, `lenient`, `names`, `problems`, `things`,
`ties`, `translate`, `bonds`, `business`, `rules`, `totals`, `shape`, `prompt`, `sketch`,
`asking`. Next: `domain`.
"""

from agentgym.sources.text.asking import LONGEST, digest, read_text
from agentgym.sources.text.lenient import fit
from agentgym.sources.text.outline import Outline, json_schema
from agentgym.sources.text.shape import Reading, shape

__all__ = ["LONGEST", "Outline", "Reading", "digest", "fit", "json_schema", "read_text", "shape"]
