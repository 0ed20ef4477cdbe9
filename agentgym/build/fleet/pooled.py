"""A pile of API descriptions -> a graph of tools -> communities -> domains.

The descriptions are read on all cores; the graph is drawn and divided in one process; each
community becomes one domain with one schema. Beside the domains stand `tool-graph.jsonl`, every
edge with its weight and evidence, and `communities.jsonl`. Next: `summary`.
"""

from __future__ import annotations

import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path

import msgspec

from agentgym.build import one
from agentgym.build.fleet.engine import (
    SIDE,
    Job,
    Made,
    Order,
    Outcome,
    Report,
    Shift,
    outcome,
    prepare,
    produce,
)
from agentgym.build.yields import Filled
from agentgym.domain import Domain
from agentgym.errors import AgentGymError, SourceError, UsageError
from agentgym.formats import Json, Record, encode, encode_lines, fingerprint, write
from agentgym.scale import cores, each
from agentgym.sources.openapi import draft_of, operations
from agentgym.tools.pool.communities import Community, Sizes, find_communities
from agentgym.tools.pool.graph import Thresholds, ToolGraph, build_graph, provider
from agentgym.tools.pool.operation import Operation, Operations
from agentgym.tools.pool.signature import Signature, signature

__all__ = ["PoolReport", "make_pool"]

SUFFIXES = (".json", ".yaml", ".yml")
_SHOWN = 3
"""Fields in an answer from which a resource is told."""
_WORLD = 3
"""Resources that are told from which a community is a world."""
_OWN = 2
"""Operations that must have become tools."""
_GRAPH, _COMMUNITIES = "tool-graph.jsonl", "communities.jsonl"

Tell = Callable[[str], None]


class PoolReport(Record, kw_only=True):
    """What a pool came to, from files to domains."""

    files: int
    unread: dict[str, int]
    """Files that describe nothing, by reason."""
    operations: int
    """Operations read."""
    in_graph: int
    """Those that went through the graph."""
    resources: int
    edges: dict[str, int]
    """By kind."""
    communities: int
    modularity: float
    left_out: dict[str, int]
    fleet: Report


class _Read(Record, kw_only=True):
    """What is kept in memory of one description."""

    path: str
    sha256: str = ""
    kept: str = ""
    """Where its operations lie."""
    signatures: tuple[Signature, ...] = ()
    unread: str = ""


def make_pool(
    specs: Path,
    out: Path,
    *,
    count: int,
    tasks: int,
    seed: int,
    rules: int = 2,
    least_tasks: int | None = None,
    thresholds: Thresholds | None = None,
    sizes: Sizes | None = None,
    workers: int | None = None,
    force: bool = False,
    limit_s: float | None = 300.0,
    tell: Tell = lambda line: None,
    progress: Callable[[Made], None] = lambda made: None,
) -> tuple[PoolReport, Shift]:
    """Make domains of a folder of API descriptions.

    Args:
        specs: A folder; every file of JSON or YAML below it is read, and what describes no API
            and no tools is counted.
        out: The folder of domains; an interrupted run is gone on with.
        count: Domains wanted.
        tasks: Proved tasks wanted of each.
        seed: Decides everything that is drawn.
        rules: Level of the rules of each domain.
        least_tasks: With fewer a domain is rejected; by default half of those wanted.
        thresholds: Of the graph.
        sizes: Of communities.
        workers: Processes; all cores by default.
        force: Throw away what another order left in the folder.
        limit_s: Seconds after which one description or domain is given up.
        tell: Told a line a stage.
        progress: Told after each domain.

    Raises:
        SourceError: There is no description in the folder.
        UsageError: The folder of domains cannot be used.
    """
    workers = workers or cores()
    thresholds, sizes = thresholds or Thresholds(), sizes or Sizes()
    least = max(1, -(-tasks // 2)) if least_tasks is None else least_tasks
    found = _descriptions(specs, out)
    order = Order(
        kind="pool",
        count=count,
        seed=seed,
        tasks=tasks,
        rules=rules,
        options={
            "specs": fingerprint(encode([[name, digest] for name, digest in found.items()])),
            "thresholds": msgspec.to_builtins(thresholds),
            "sizes": msgspec.to_builtins(sizes),
            "least_tasks": least,
        },
    )
    prepare(order, out, force=force)
    tell(f"reading {len(found):,} files")
    reads = _read_all(specs, list(found), out, workers, limit_s)
    signatures = [mark for read in reads for mark in read.signatures]
    if not signatures:
        raise SourceError(
            "descriptions of APIs or lists of tools",
            found=f"{len(found)} files that are none",
            where=str(specs),
            hint="name a folder with OpenAPI files in JSON or YAML",
        )
    tell(f"{len(signatures):,} operations; drawing the graph")
    graph = build_graph(signatures, thresholds)
    communities, modularity = find_communities(graph, sizes, seed=seed)
    tell(f"{len(graph.edges):,} edges, {len(communities):,} communities; making domains")
    jobs = _jobs(reads, graph, communities)

    report, shift = produce(
        order, lambda: iter(jobs), build_community, out,
        workers=workers, prepared=True, limit_s=limit_s, progress=progress,
    )  # fmt: skip
    _write_graph(out, signatures, graph, communities)
    pool = PoolReport(
        files=len(found),
        unread=dict(sorted(Counter(read.unread for read in reads if read.unread).items())),
        operations=len(signatures),
        in_graph=graph.operations,
        resources=len(graph.resources),
        edges=dict(sorted(Counter(edge.kind for edge in graph.edges).items())),
        communities=len(communities),
        modularity=modularity,
        left_out=graph.left_out,
        fleet=report,
    )
    write(out / "pool.json", msgspec.json.format(encode(pool), indent=1) + b"\n")
    return pool, shift


def _descriptions(specs: Path, out: Path) -> dict[str, str]:
    """Return the files below a folder, by their path in it, and their hashes."""
    if not specs.is_dir():
        raise UsageError(
            "a folder of API descriptions",
            found="a file" if specs.exists() else "nothing",
            where=str(specs),
            hint="`agentgym build FILE` makes one domain of one description",
        )
    mine = out.resolve()
    paths = [
        path for path in specs.rglob("*")
        if path.suffix.lower() in SUFFIXES and path.is_file() and mine not in path.resolve().parents
    ]  # fmt: skip
    return {
        path.relative_to(specs).as_posix(): fingerprint(path.read_bytes())
        for path in sorted(paths, key=lambda path: path.relative_to(specs).as_posix())
    }


def read_description(job: tuple[Path, str, Path]) -> _Read:
    """Read one description, keep its operations in a file, and return what they are compared by."""
    specs, name, kept = job
    try:
        found = operations(specs / name)
    except AgentGymError as error:
        return _Read(path=name, unread=f"{type(error).__name__}: {_kind(error)}")
    target = kept / f"{found.sha256}.bin"
    if not target.is_file():
        write(target, zlib.compress(msgspec.msgpack.encode(found), level=1))
    return _Read(
        path=name,
        sha256=found.sha256,
        kept=target.name,
        signatures=tuple(signature(one) for one in found.operations),
        unread="" if found.operations else "no operation",
    )


def _kind(error: AgentGymError) -> str:
    return f"expected {error.expected}" if error.found else error.expected


def _read_all(
    specs: Path, names: Sequence[str], out: Path, workers: int, limit_s: float | None
) -> list[_Read]:
    """Read all descriptions; of files with the same content the first one counts."""
    kept = out / SIDE / "operations"
    found: dict[str, _Read] = {}
    jobs = ((specs, name, kept) for name in names)
    for ended in each(read_description, jobs, workers=workers, limit_s=limit_s):
        name = ended.job[1]
        if ended.error is not None:
            raise ended.error
        found[name] = ended.value or _Read(
            path=name, unread="a bug: " + ended.fault.strip().splitlines()[-1][:120]
        )
    seen: set[str] = set()
    reads = []
    for name in names:
        read = found[name]
        if read.sha256 and read.sha256 in seen:
            read = _Read(path=name, unread="the same content as another file")
        seen.add(read.sha256)
        reads.append(read)
    return reads


def _jobs(
    reads: Sequence[_Read],
    graph: ToolGraph,
    communities: Sequence[Community],
) -> list[Job]:
    """Return a job for each community: the tellable first, of different providers in turn."""
    homes = [(read.kept, number) for read in reads for number in range(len(read.signatures))]
    marks = [mark for read in reads for mark in read.signatures]
    ranks: dict[int, dict[str, list[Community]]] = defaultdict(lambda: defaultdict(list))
    for community in communities:
        owners = Counter(provider(graph.resources[r].api) for r in community.resources)
        owner = min(owners, key=lambda name: (-owners[name], name))
        ranks[_rank(graph, community, marks)][owner].append(community)
    names: Counter[str] = Counter()
    jobs: list[Job] = []
    for community in chain.from_iterable(_in_turn(ranks[rank]) for rank in sorted(ranks)):
        parts: dict[str, list[int]] = defaultdict(list)
        for place in community.operations:
            kept, number = homes[place]
            parts[kept].append(number)
        stem = _stem(graph, community)
        names[stem] += 1
        name = stem if names[stem] == 1 else f"{stem}_{names[stem]}"
        jobs.append(Job(index=len(jobs), name=name, load=dict(parts)))
    return jobs


def _rank(graph: ToolGraph, community: Community, marks: Sequence[Signature]) -> int:
    """Say how much of a world a community describes: 0 the most, 4 the least.

    A resource is told where an answer shows several of its fields; where none does, its fields
    would be what is asked of it.
    """
    told = 0
    reads = writes = False
    for place in community.resources:
        members = [marks[member] for member in graph.resources[place].members]
        shown = [one for one in members if not one.writes and len(one.gives) >= _SHOWN]
        told += bool(shown) or any(len(one.gives) >= _SHOWN for one in members)
        reads |= bool(shown)
        writes |= bool(shown) and any(one.writes for one in members)
    if not reads:
        return 4
    if told >= _WORLD and writes:
        return 0
    return 1 if told > 1 and writes else 2 if told > 1 else 3


def _in_turn(groups: dict[str, list[Community]]) -> Iterator[Community]:
    turn = 0
    while any(len(group) > turn for group in groups.values()):
        for name in sorted(groups):
            if len(groups[name]) > turn:
                yield groups[name][turn]
        turn += 1


def _stem(graph: ToolGraph, community: Community) -> str:
    """Name a community after its main API and the resource with most operations."""
    main = max(
        (graph.resources[place] for place in community.resources),
        key=lambda one: (len(one.members), -one.members[0]),
    )
    raw = f"{main.api.rpartition(':')[2] or main.api}_{main.name}".lower()
    words = "".join(c if c.isascii() and c.isalnum() else "_" for c in raw).split("_")
    stem = "_".join(word for word in words if word)[:60].strip("_")
    return stem if stem[:1].isalpha() else f"api_{stem}"


def build_community(task: tuple[Job, Order, Path]) -> Outcome:
    """Make the folder of one community, or say why there is none."""
    job, order, out = task
    chosen: list[Operation] = []
    for kept, numbers in job.load.items():
        packed = (out / SIDE / "operations" / kept).read_bytes()
        listed = msgspec.msgpack.decode(zlib.decompress(packed), type=Operations).operations
        chosen += [listed[number] for number in numbers]
    draft = draft_of(chosen, job.name, kind="pool", seed=order.seed)
    report = one.construct(
        draft,
        out / job.name,
        name=job.name,
        tasks=order.tasks,
        seed=order.seed,
        rules=order.rules or 0,
        judge=partial(
            _judge, int(str(order.options["least_tasks"])), frozenset(t.name for t in draft.tools)
        ),
        options={"tasks": order.tasks, "max_tools": 40},
    )
    return outcome(job, report)


def _judge(least: int, declared: frozenset[str], domain: Domain, filled: Filled) -> str:
    own = sum(tool.name in declared for tool in domain.tools)
    if own < _OWN:
        return f"too few operations that the schema allows: {own} of {len(declared)}"
    if len(filled.tasks) >= least:
        return ""
    few = f"{len(filled.tasks)} of {least} over {len(domain.schema.entities)} entities"
    return f"too few tasks that can be proved: {few}"


def _write_graph(
    out: Path,
    signatures: Sequence[Signature],
    graph: ToolGraph,
    communities: Sequence[Community],
) -> None:
    def said(place: int) -> str:
        return f"{signatures[place].api}#{signatures[place].name}"

    lines: Iterator[dict[str, Json]] = (
        {
            "source": said(edge.source),
            "target": said(edge.target),
            "kind": edge.kind,
            "weight": edge.weight,
            "evidence": edge.evidence,
        }
        for edge in graph.edges
    )
    write(out / _GRAPH, encode_lines(lines))
    listed = [
        {
            "resources": [
                f"{graph.resources[r].api}#{graph.resources[r].name}" for r in one.resources
            ],
            "operations": len(one.operations),
            "inner": one.inner,
            "outer": one.outer,
        }
        for one in communities
    ]
    write(out / _COMMUNITIES, encode_lines(listed))
