"""`MixEnv`: tasks of many domains in one environment.

In comes a folder of domains, out come episodes of tasks that lie in it; the spaces stay the same
whatever is played. Next: `vector`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gymnasium.error import ResetNeeded

from agentgym.env.shelf import KEPT, Shelf
from agentgym.env.tool_env import ToolEnv
from agentgym.episode import Suite
from agentgym.errors import UsageError
from agentgym.tasks import Task

__all__ = ["MixEnv"]


class MixEnv(ToolEnv):
    """A `ToolEnv` whose episodes are of many domains; the seed says which.

    A seed stands for the same domain and task in every process, whatever was drawn before; domains
    are opened when they are first drawn, and the process keeps the `keep` latest open.

    Args:
        folder: Holds a folder for each domain, as `agentgym compose` makes it; None for the
            committed domains.
        domains: Names of those that are drawn, with weights (`{"clinic": 2, "harbour": 1}`, or the
            text `clinic:2,harbour`) or alike (a sequence); None for all, alike.
        families: The same for families of tasks; None for every task of a domain alike.
        keep: How many domains stay open.
        **options: Those of `ToolEnv` but `domain`.

    Raises:
        DomainError: There is no such folder, or no domain in it.
        UsageError: An option has no such value; says which would do.
    """

    def __init__(
        self,
        folder: str | Path | None = None,
        *,
        domains: Mapping[str, float] | Sequence[str] | str | None = None,
        families: Mapping[str, float] | Sequence[str] | str | None = None,
        keep: int = KEPT,
        **options: Any,
    ) -> None:
        if "domain" in options:
            raise UsageError(
                "a folder of domains",
                found=repr(options["domain"]),
                where="domain",
                hint="name it by domains=, or make agentgym/Domain-v0",
            )
        self.shelf = Shelf(folder, domains=domains, families=families, keep=keep)
        """The domains."""
        super().__init__(**options)

    @property
    def suite(self) -> Suite:
        """The domain that is played, with its tasks.

        Raises:
            ResetNeeded: There is no episode yet.
        """
        if self.game is None:
            raise ResetNeeded("expected a call of reset() before suite")
        return self.game.suite

    def _open(self, domain: str | Suite) -> Sequence[str]:  # noqa: ARG002 - the shelf has many
        return ("ask_user", "conclude")

    def _choose(self, task_id: str | None, split: str | None, seed: int) -> tuple[Suite, Task]:
        return self.shelf.choose(seed, split) if task_id is None else self.shelf.task(task_id)
