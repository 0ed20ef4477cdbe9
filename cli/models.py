"""Which language model a command asks, and how: its options and its client."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from agentgym.errors import UsageError

from .console import counts

if TYPE_CHECKING:
    from agentgym.client import Client

__all__ = [
    "api_key_env_option",
    "base_url_option",
    "cache_option",
    "client_of",
    "no_cache_option",
    "paraphrased",
    "timeout_option",
]


def base_url_option(panel: str) -> Any:
    """Return the option of the server."""
    return typer.Option(
        help="Its OpenAI-compatible server, up to /v1; $OPENAI_BASE_URL, or OpenAI's own, "
        "by default.",
        show_default=False,
        rich_help_panel=panel,
    )


def api_key_env_option(panel: str) -> Any:
    """Return the option of the key."""
    return typer.Option(
        help="Environment variable with the key; a server on this machine needs none.",
        rich_help_panel=panel,
    )


def timeout_option(panel: str) -> Any:
    """Return the option of how long an answer may take."""
    return typer.Option(min=1, help="Seconds that one answer may take.", rich_help_panel=panel)


def cache_option(panel: str) -> Any:
    """Return the option of where answers are kept."""
    return typer.Option(
        help="Folder of its answers: the same command asks nobody again. $AGENTGYM_CACHE, or "
        "~/.cache/agentgym/answers, by default.",
        show_default=False,
        rich_help_panel=panel,
    )


def no_cache_option(panel: str) -> Any:
    """Return the option to keep no answers."""
    return typer.Option("--no-cache", help="Neither use nor keep answers.", rich_help_panel=panel)


def client_of(
    model: str | None,
    *,
    base_url: str | None,
    api_key_env: str,
    timeout: float,
    cache: Path | None,
    no_cache: bool,
    paraphrase: bool,
) -> Client | None:
    """Return the client of the model; None where none is named."""
    if model is None:
        given = {
            "--base-url": base_url,
            "--cache": cache,
            "--no-cache": no_cache or None,
            "--paraphrase": paraphrase or None,
        }
        for option, value in given.items():
            if value is not None:
                raise UsageError("the name of a model", found="none", where=f"{option}: --model")
        return None
    if no_cache and cache is not None:
        raise UsageError("--cache or --no-cache", found="both", hint="leave one away")
    from agentgym.client import Cache, Client, default_folder  # noqa: PLC0415 - few need it

    return Client(
        model,
        base_url=base_url,
        api_key_env=api_key_env,
        timeout=timeout,
        cache=None if no_cache else Cache(cache or default_folder()),
    )


def paraphrased(figures: dict[str, int]) -> list[tuple[str, object]]:
    """Say how many instructions a model put differently, and why others were not taken."""
    if not figures:
        return []
    refused = {why: number for why, number in figures.items() if why != "taken"}
    rows: list[tuple[str, object]] = [("put differently", f"{figures.get('taken', 0):,}")]
    return [*rows, ("not taken", counts(refused))] if refused else rows
