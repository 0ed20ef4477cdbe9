"""Views: which of a domain's tools an episode shows, and how they look to an agent.

`view` chooses among the tools of a large domain, `arrange` shows them as `ViewOptions` say: every
shown tool leads to calls of the domain's own tools, so that no view changes what is true.
Next: `sources`.
"""

from __future__ import annotations

from agentgym.tools.views.arrange import DOCUMENTS, TALK, arrange, shown_faces, withheld
from agentgym.tools.views.choose import MAX_TOOLS, view
from agentgym.tools.views.faces import exampled, faces, first_sentence, openai_tools
from agentgym.tools.views.options import AS_IS, ViewOptions
from agentgym.tools.views.surface import Shown, Surface, Way

__all__ = [
    "AS_IS",
    "DOCUMENTS",
    "MAX_TOOLS",
    "TALK",
    "Shown",
    "Surface",
    "ViewOptions",
    "Way",
    "arrange",
    "exampled",
    "faces",
    "first_sentence",
    "openai_tools",
    "shown_faces",
    "view",
    "withheld",
]
