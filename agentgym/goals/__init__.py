"""Goals and verdicts: what must be true at the end, and what was."""
