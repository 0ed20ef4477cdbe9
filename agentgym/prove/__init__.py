"""Proof: from a candidate plan to a task with a certificate, or to the reason why not.

The only room that admits a task. `Prover.admit` builds a task and certifies it,
`Prover.certify` runs every gate on a task as it is written, which is also what
`agentgym check` does.
"""

from __future__ import annotations

from agentgym.prove.admit import Prover
from agentgym.prove.refused import RefusedError
from agentgym.prove.shortest import lower_bound

__all__ = ["Prover", "RefusedError", "lower_bound"]
