"""Reports with blanks: a filled form or a short table in which some cells are to be found.

`report` writes one from what is asked, `report_acts` reads one back; both know the same few
layouts. A row inside another is one that the other refers to, by its role. Next: `read`.
"""

from __future__ import annotations

from agentgym.tasks.words.report.reading import report_acts
from agentgym.tasks.words.report.writing import report

__all__ = ["report", "report_acts"]
