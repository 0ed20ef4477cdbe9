"""Simulated users: they hold a task's facts, and tell what they are asked."""

from __future__ import annotations

from agentgym.users.agenda import Agenda, Reply

__all__ = ["Agenda", "Reply"]
