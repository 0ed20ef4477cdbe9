"""A stage: the rows with which tasks of one patch start, and all that gates ask about them.

A domain and a patch come in; out come the interpreter, a world to run in, the judge, and what was
proved of these rows before. Made once a patch; the one without a patch is kept for good.
Next: `certify`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Sequence

from agentgym.domain import Domain
from agentgym.domain.patch import Patch
from agentgym.errors import TaskError
from agentgym.formats import encode
from agentgym.goals.verdict import Judge
from agentgym.plan.party import Parties
from agentgym.plan.tables import Tables
from agentgym.prove.met import RulesMet
from agentgym.prove.refused import RefusedError
from agentgym.prove.run import Runner
from agentgym.prove.shortcuts import Shortcuts
from agentgym.prove.unique import Unique
from agentgym.world.compile import engine

__all__ = ["Stage", "Stages"]

_KEPT = 4
"""Stages with a patch that are kept, the latest used."""


class Stage:
    """What tasks of one patch are proved on.

    Args:
        domain: The domain with the rows as they are at the start.
        runner: Runs calls on a world of it that has been put at this start.
    """

    def __init__(self, domain: Domain, runner: Runner) -> None:
        self.domain, self.schema = domain, domain.schema
        self.runner = runner
        self.tables = Tables(domain.schema, domain.rows)
        self.judge = Judge(domain)
        self.start = runner.start()
        """Digest of the world at the start."""
        self.known: set[Hashable] = set()
        """What was proved of these rows: forms of plans that were found open."""
        self.rules = RulesMet(domain, self.tables, runner)
        self.parties = Parties(self.tables, domain.tools, domain.rules)
        self.shortcuts = Shortcuts(domain, self.tables, runner.engine.parameters, self.known)
        self.unique = Unique(self.tables, self.shortcuts.masks, domain.tools)


class Stages:
    """Makes the stage of any patch, over one domain.

    Args:
        domain: The domain as every episode without a patch starts.
    """

    def __init__(self, domain: Domain) -> None:
        self.domain = domain
        self.engine = engine(domain)
        self.runner = Runner(self.engine)
        self.plain = Stage(domain, self.runner)
        self._kept: OrderedDict[bytes, Stage] = OrderedDict()

    def of(self, patch: Sequence[Patch]) -> Stage:
        """Return the stage of a patch, with the world put at its start.

        Raises:
            RefusedError: The patch does not fit the domain.
        """
        try:
            self.runner.rebase(patch)
            if not patch:
                return self.plain
            name = encode(tuple(patch))
            found = self._kept.get(name)
            if found is None:
                found = self._kept[name] = Stage(self.domain.patched(patch), self.runner)
        except TaskError as error:
            raise RefusedError("executes", "patch", str(error)) from None
        self._kept.move_to_end(name)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return found
