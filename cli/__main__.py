"""`python -m agentgym.cli`, or `python -m cli` in a checkout."""

from .app import main

main()
