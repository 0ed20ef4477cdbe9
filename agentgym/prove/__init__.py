"""Proof: from a candidate plan to a task with a certificate, or to the reason why not.

The only room that admits a task. `Prover.admit` builds a task and certifies it,
`Prover.certify` runs every gate on a task as it is written, which is also what
`agentgym check` does; `Costs` counts what the gates cost. `audit` measures the verifier on runs
that no gate has seen, and checks certificates by other means.
"""

from __future__ import annotations

from agentgym.prove.admit import Prover
from agentgym.prove.costs import Cost, Costs
from agentgym.prove.refused import RefusedError
from agentgym.prove.shortest import lower_bound

__all__ = ["Cost", "Costs", "Prover", "RefusedError", "lower_bound"]
