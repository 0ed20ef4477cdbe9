"""Mutants of deeds of the user: guided without a look, to the wrong deed, to both. Next: `acts`."""

from __future__ import annotations

from collections.abc import Iterator

from agentgym.prove.mutants.maker import Maker
from agentgym.prove.run import Run
from agentgym.tools.algebra import Identify, is_write, subject

__all__ = ["Deeds"]


class Deeds(Maker):
    """Makes runs in which the user is guided wrongly."""

    def deeds(self) -> Iterator[tuple[str, Run]]:
        """Guide the user before anything is found out, or to what is not wanted."""
        places = [place for place, step in enumerate(self.task.gold) if step.by == "user"]
        if not self.task.user.deeds:
            return
        calls = list(self.gold.calls)
        yield "unseen_deed", self.with_calls([call for call in calls if not self.reads(call[0])])
        done = {self.task.gold[place].node for place in places}
        for deed in self.task.user.deeds:
            if deed.id in done:
                continue
            other = deed.tool, dict(deed.arguments)
            yield "both_deeds", self.with_calls([*calls, other])
            for place in places:
                yield "other_deed", self.with_calls([*calls[:place], other, *calls[place + 1 :]])
        for place in places:
            rest = [call for n, call in enumerate(calls) if n not in places or n == place]
            if len(places) > 1:
                yield "one_deed", self.with_calls(rest)

    def reads(self, name: str) -> bool:
        """Tell whether a tool shows rows."""
        tool = self.tools[name]
        if is_write(tool) or isinstance(tool.term, Identify):
            return False
        return subject(tool.term, self.schema) is not None
