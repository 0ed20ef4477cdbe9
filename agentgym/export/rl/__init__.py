"""Reinforcement learning: every turn of every episode, with rewards, masks and advantages.

Trajectories come in, failures too; the files of a folder go out. Next: `options`, `groups`,
`turns`, `dataset`.
"""

from __future__ import annotations

from agentgym.export.rl.dataset import Counts, dataset
from agentgym.export.rl.options import RLOptions

__all__ = ["Counts", "RLOptions", "dataset"]
