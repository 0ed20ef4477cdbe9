"""`make bench-tasks`: how fast tasks are certified, what is accepted, and what each gate costs.

Seconds are those of one core's work, whatever else the machine does. The bars are those that we
hold ourselves to; a figure that misses its bar is marked and the exit code says so. The graph is
that of the path given as the argument, or one of our own, grown to 10,000 nodes.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from agentgym import domain as domain_room
from agentgym.build.fill import Asked, Filling
from agentgym.build.more import add
from agentgym.build.one import build
from agentgym.build.yields import Filled
from agentgym.domain import Domain
from agentgym.prove import Costs, Prover
from agentgym.sources.graph import grow
from agentgym.tasks.knobs import Knobs

NODES = 10_000
GRAPH_TASKS = 500


def rate(
    domain: Domain, count: int, families: tuple[str, ...], knobs: Knobs, costs: Costs
) -> tuple[Filled, float]:
    """Fill a domain afresh; return what came of it, and the tasks certified in a second."""
    began = time.process_time()
    filled = Filling(
        domain,
        count=count,
        seed=1,
        max_tools=40,
        asked=Asked(families=families, knobs=knobs, exact=True),
        prover=Prover(domain, costs=costs),
    ).run(lambda line: None)
    return filled, len(filled.tasks) / (time.process_time() - began)


def shown(name: str, value: float, unit: str, bar: float, *, ceiling: bool = False) -> bool:
    """Print a figure with its bar; return whether it reaches it."""
    good = value <= bar if ceiling else value >= bar
    limit = f"{'at most' if ceiling else 'at least'} {bar:g}"
    print(f"{name:58}{value:10.1f} {unit:10}{limit:16}{'' if good else 'MISSED'}")
    return good


def gates(costs: Costs) -> None:
    """Print what each gate did, the cheapest refusals first."""
    print(
        f"\n{'gate':16}{'runs':>8}{'refusals':>10}{'seconds':>9}{'ms a run':>10}{'s/refusal':>11}"
    )
    for one in costs.by_gate():
        each = f"{one.per_refusal:.3f}" if one.refusals else "none"
        per_run = one.seconds / max(one.runs, 1) * 1e3
        print(
            f"{one.gate:16}{one.runs:8}{one.refusals:10}{one.seconds:9.2f}{per_run:10.2f}{each:>11}"
        )
    tried = costs.survivals()
    print(f"a wrong run passed in {tried['survived']} of {tried['tried']} candidates: refused")


def rows() -> list[bool]:
    """Measure domains of about 1,000 rows."""
    found = []
    for name in ("clinic", "harbour"):
        domain = domain_room.load(domain_room.find(name))
        rate(domain, 10, ("lookup", "update"), Knobs(), Costs())  # word lists are read once
        costs = Costs()
        print(f"\n{name}: {sum(map(len, domain.rows.values())):,} rows")
        _, speed = rate(domain, 200, ("lookup", "update"), Knobs(), costs)
        found.append(shown("lookup and update, certified", speed, "a second", 50))
        filled, speed = rate(domain, 50, ("multi_hop",), Knobs(entities=4, fuzz=2), costs)
        found.append(shown("four hops, fuzzed", speed, "a second", 5))
        share = 100 * len(filled.tasks) / max(filled.attempts, 1)
        found.append(shown("four hops, fuzzed, accepted of all draws", share, "%", 25))
        filled, _ = rate(domain, 50, ("multi_hop",), Knobs(), costs)
        share = 100 * len(filled.tasks) / max(filled.attempts, 1)
        found.append(shown("multi-hop, accepted of all draws", share, "%", 25))
        gates(costs)
    return found


def grown(source: Path, folder: Path) -> list[bool]:
    """Measure a graph that is grown, and as it is."""
    place = folder / f"grown{source.suffix}"
    there = grow.grow(source, folder / f"one{source.suffix}", nodes=1, seed=0).before.nodes
    grow.grow(source, place, nodes=max(1, NODES - there), seed=0)
    print(f"\n{source.name}: {there:,} nodes")
    found = []
    for graph, wanted in ((place, GRAPH_TASKS), (source, None)):
        out = folder / graph.stem
        build(graph, out, tasks=1, rows=10 * NODES, force=True)
        began = time.process_time()
        added = add(
            out, count=GRAPH_TASKS, families=("multi_hop",), knobs=Knobs(least=4, most=8), seed=0
        )
        spent = time.process_time() - began
        told = "grown" if wanted else "as it is"
        calls = f"{told}: tasks that need 4 to 8 calls, of {GRAPH_TASKS}"
        if wanted:
            found.append(shown(calls, len(added.tasks), "tasks", wanted))
            found.append(shown(f"{told}: work for those", spent, "s", 300, ceiling=True))
        else:
            print(f"{calls:58}{len(added.tasks):10} tasks in {spent:.0f} s")
            print("  " + ", ".join(f"{k} {v}" for k, v in added.filled.refused.items()))
    return found


def towns(path: Path) -> Path:
    """Write a graph of six kinds of things, each in one of the kind before."""
    first = "Amber Birch Cedar Dune Elm Fern Grove Heath Iris Juniper Kestrel Laurel".split()
    last = "Bay Cross Dale End Field Gate Hill Isle Lane Mill".split()
    kinds = ("Country", "Region", "Town", "School", "Class", "Pupil")
    lines = [
        "@prefix id: <http://example.org/id/> .",
        "@prefix v: <http://example.org/vocab#> .",
        "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .",
    ]
    for level, kind in enumerate(kinds):
        above = 6 * 2 ** (level - 1)
        for n in range(6 * 2**level):
            name = f"{first[n % 12]} {last[(n * 7 + level) % 10]} {kind} {n}"
            up = f" ; v:in_{kinds[level - 1].lower()} id:k{level - 1}_{n * 5 % above}"
            lines.append(
                f'id:k{level}_{n} a v:{kind} ; rdfs:label "{name}" ; '
                f'v:{kind.lower()}_code "{kind[:2].upper()}-{n * 37 + 1000}" ; '
                f"v:opened_{kind.lower()} {1900 + n * 13 % 120} ; "
                f"v:{kind.lower()}_size {n * 91 % 997 + 3}{up if level else ''} ."
            )
    path.write_text("\n".join(lines) + "\n")
    return path


def main(arguments: list[str]) -> int:
    """Print all figures; return 1 when a bar is missed."""
    good = rows()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        source = Path(arguments[0]) if arguments else towns(place / "towns.ttl")
        good += grown(source, place)
    return int(not all(good))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
