"""How many draws come to a candidate, and how many of those are admitted, by hops and vagueness.

Run with domain folders, or sources that `agentgym build` reads:
`python tests/yields.py chinook.sqlite --draws 40`.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from pathlib import Path

from agentgym import domain as domain_room
from agentgym import rng, sources
from agentgym.build.mould import mould
from agentgym.domain import Domain
from agentgym.prove import Prover, RefusedError
from agentgym.tasks.knobs import Knobs
from agentgym.tasks.sample import Sampler


def read(path: Path) -> Domain:
    """Read a domain folder, or make a domain of a source without tasks."""
    if path.is_dir():
        return domain_room.load(path)
    draft = sources.read(path, rows=None, focus=(), seed=0, progress=lambda line: None)
    made = mould(draft, name="yields", seed=0, keep_personal=False, rules=2, options={})
    return domain_room.parse(made.to_json(), made.rows_to_lines(), where=str(path))


def cell(prover: Prover, sampler: Sampler, knobs: Knobs, draws: int) -> str:
    """Draw and prove one cell of the table."""
    counts: Counter[str] = Counter()
    spent = {"draw": 0.0, "prove": 0.0}
    for number in range(draws):
        start = time.process_time()
        found = sampler.draw("multi_hop", rng.stream("yields", number), knobs)
        spent["draw"] += time.process_time() - start
        if found is None:
            continue
        counts["drawn"] += 1
        start = time.process_time()
        try:
            prover.admit(found, task_id=f"yields-v1/{number:04d}", seed=0)
            counts["ok"] += 1
        except RefusedError:
            pass
        spent["prove"] += time.process_time() - start
    drawn, ok = counts["drawn"] / draws, counts["ok"] / draws
    each = [1000 * spent[name] / draws for name in ("draw", "prove")]
    return f"{ok:4.0%} of {drawn:4.0%} ({each[0]:3.0f}+{each[1]:3.0f} ms)"


def main() -> None:
    """Print one table a source."""
    parser = argparse.ArgumentParser()
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--draws", type=int, default=24)
    parser.add_argument("--hops", default="1,2,3,4")
    args = parser.parse_args()
    for path in args.paths:
        domain = read(path)
        prover = Prover(domain)
        sampler = Sampler(prover.tables, domain.tools, domain.rules)
        print(f"{path.name}: admitted of drawn (CPU a draw and a proof); rows: hops, columns: fuzz")
        for hops in map(int, args.hops.split(",")):
            row = [
                cell(prover, sampler, Knobs(entities=hops + 1, fuzz=fuzz, shape="path"), args.draws)
                for fuzz in range(4)
            ]
            print(f"  {hops} " + "  ".join(row), flush=True)


if __name__ == "__main__":
    main()
