"""The Typer app: its commands in the order of a first visit, and how errors are told.

Next: one file a command.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from agentgym.errors import AgentGymError, UsageError
from agentgym.version import VERSION

from .audit import audit
from .build import build
from .check import check
from .compose import compose
from .console import complain, say
from .export import export
from .extend import tasks
from .fleet import fleet
from .grow import grow
from .ladder import ladder
from .play import play
from .pool import pool
from .rollout import rollout
from .seal import seal
from .show import show
from .users import users

__all__ = ["app", "main"]


class Commands(TyperGroup):
    """A group that tells an author's mistake in one message, without a traceback."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - Click's signature
        """Name the commands in the order in which they were added."""
        return list(self.commands)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; exit 2 on a mistake in its use, 1 on one in what it was given."""
        try:
            return super().invoke(ctx)
        except AgentGymError as error:
            complain(str(error))
            raise typer.Exit(2 if isinstance(error, UsageError) else 1) from None


app = typer.Typer(
    cls=Commands,
    name="agentgym",
    help="Tool-use environments for language agents, made from databases, graphs, API "
    "descriptions, words or nothing, and proved.",
    epilog="Start with: agentgym build shop.sqlite --out shop",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        say(VERSION)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Hold the options of `agentgym` itself."""


def _add(function: Any, example: str) -> None:
    app.command(epilog=f"Example: {example}")(function)


_add(build, "agentgym build shop.sqlite --out shop --tasks 50 --seed 0")
_add(grow, "agentgym grow countries.ttl --nodes 1000 --seed 0 --out larger.ttl")
_add(compose, "agentgym compose --count 1000 --seed 7 --tasks 10 --out worlds")
_add(pool, "agentgym pool specs --out worlds --domains 1000")
_add(fleet, "agentgym fleet worlds --splits")
_add(check, "agentgym check shop")
_add(audit, "agentgym audit shop --out audit.json")
_add(show, "agentgym show shop tasks 0001")
_add(tasks, "agentgym tasks shop --count 100 --family multi_hop --min-calls 4..8 --fuzz 2")
_add(ladder, "agentgym ladder shop --knobs")
_add(play, "agentgym play shop --task 0001")
_add(users, "agentgym users --sample 100 --population hard")
_add(rollout, "agentgym rollout shop --policy oracle --episodes 50 --out runs.jsonl")
_add(export, "agentgym export runs.jsonl --format adp --out adp")
_add(seal, "agentgym seal shop")


def main() -> None:
    """Run the command line."""
    app()
