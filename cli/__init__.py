"""The command line: `agentgym`, one file a command, no logic of its own.

Results go to standard output and are the same for the same input; progress and durations
go to standard error. Exit codes: 0 done, 1 the content is wrong or a check failed, 2 the
command was given something it does not take.
"""

from __future__ import annotations

from .app import app, main

__all__ = ["app", "main"]
