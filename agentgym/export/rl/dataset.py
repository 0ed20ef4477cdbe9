"""The folder for reinforcement learning: turns, trajectories, groups, tools, and a schema of them.

Trajectories come in, failures too; file names with contents go out. What the environment itself
failed in stands among the trajectories and nowhere else. Next: `readme`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from agentgym.episode.seen import digest
from agentgym.export.readme import licence
from agentgym.export.rl.groups import Standing, returns, standing, total
from agentgym.export.rl.options import Mask, RLOptions
from agentgym.export.rl.readme import readme
from agentgym.export.rl.turns import Message, Step, steps
from agentgym.formats import Record, encode, encode_lines
from agentgym.trajectory import Failure, Trajectory

__all__ = ["Counts", "GroupRow", "ToolsRow", "TrajectoryRow", "TurnRow", "dataset"]


class TurnRow(Record, kw_only=True, omit_defaults=False):
    """One turn of an agent: a line of `turns.jsonl`."""

    trajectory_id: str
    group_id: str
    turn: int
    """From 1, without gaps."""
    messages: tuple[Message, ...]
    """What the agent was shown since its action before, from the first turn on with the system
    text; or all from the start, its own actions between, as the options say."""
    action: Message
    """The agent's message. Its `tool_calls` hold arguments as objects."""
    reward: float
    terms: dict[str, float]
    """Terms of the reward after the turn; those that are 0 are left out."""
    to_go: float
    """What this and all later turns earned, not discounted."""
    flags: tuple[str, ...]
    """What was wrong with the turn: `void`, `malformed`, `repeated`, `truncated`,
    `unprovenanced`."""
    done: bool
    """Whether it was the last turn."""
    truncated: bool
    """Whether it was the last one because the episode was cut off."""
    state: str
    """Hash of what the agent had been shown, in any order, and of the rows: turns of one group
    that share it were taken in the same place (an anchor state)."""
    advantage_leave_one_out: float
    """Of the trajectory."""
    advantage_normalised: float
    """Of the trajectory."""
    advantage_state: float
    """Of the turn's discounted return among the turns of its group in the same state; 0.0 where
    there is no other."""
    loss: bool
    """Whether anything is to be learnt from the turn."""


class TrajectoryRow(Record, kw_only=True, omit_defaults=False):
    """One episode: a line of `trajectories.jsonl`."""

    trajectory_id: str
    group_id: str
    member: int
    """Place among the trajectories of its group, from 0, as they were given."""
    domain: str
    task_id: str
    split: str
    family: str
    policy: str
    tools: str
    """Key of its tools in `tools.jsonl`."""
    seed: int
    luck: int
    """Seed of the episode: of the luck of user and faults."""
    user: str
    faults: str
    hints: str
    reward: str
    """How it was played and rewarded, as texts; empty for plainly."""
    turns: int
    return_: float = msgspec.field(name="return")
    """What all turns earned."""
    success: bool
    status: str
    termination: str
    failure: Failure | None
    counted: bool
    """Whether it counts in its group and has turns here: not where the environment failed."""
    masks: tuple[Mask, ...]
    """Why nothing is to be learnt from it; empty where something is."""
    advantage_leave_one_out: float
    advantage_normalised: float


class GroupRow(Record, kw_only=True, omit_defaults=False):
    """Trajectories of one task, world and luck: a line of `groups.jsonl`."""

    group_id: str
    domain: str
    task_id: str
    members: int
    counted: int
    """Members that the figures are about."""
    mean: float
    deviation: float
    """Of the sample: divided by one less than there are."""
    successes: int
    alone: bool
    """Whether there is nobody to be compared with: all advantages are 0."""
    flat: bool
    """Whether all earned the same: all advantages are 0."""
    shared_states: int
    """States that turns of several trajectories share."""


class ToolsRow(Record, kw_only=True, omit_defaults=False):
    """The tools of some episodes: a line of `tools.jsonl`."""

    key: str
    tools: tuple[dict[str, Any], ...]
    """In the form that OpenAI gives them, in the order in which they are shown."""


class Counts(Record, kw_only=True):
    """What was written."""

    trajectories: int
    """Those that count."""
    turns: int
    groups: int
    alone: int
    """Groups of one."""
    flat: int
    """Groups of several that all earned the same."""
    masked: int
    """Trajectories from which nothing is to be learnt."""
    broken: int
    """Trajectories in which the environment failed."""


class _Group:
    """The trajectories of one group, and how they stand."""

    def __init__(self, members: Sequence[Trajectory], options: RLOptions) -> None:
        self.members, self._options = members, options
        self.counted = [one for one in members if not _broken(one)]
        self.steps = {one.trajectory_id: steps(one) for one in self.counted}
        self._places = {one.trajectory_id: place for place, one in enumerate(self.counted)}
        self.totals = [
            total([step.reward for step in self.steps[one.trajectory_id]]) for one in self.counted
        ]
        self.standing: Standing = standing(self.totals, options.epsilon)
        self._met = defaultdict[str, list[tuple[str, int, float]]](list)
        """State to the turns taken in it: trajectory, place, discounted return."""
        self.by_state = self._states()

    def _states(self) -> dict[tuple[str, int], float]:
        """Return the advantage of each turn in its state, by trajectory and place."""
        for name, found in self.steps.items():
            after = returns([step.reward for step in found], self._options.gamma)
            for place, (step, value) in enumerate(zip(found, after, strict=True)):
                self._met[step.state].append((name, place, value))
        advantages = {}
        for turns in self._met.values():
            stand = standing([value for _, _, value in turns], self._options.epsilon)
            for (name, place, _), value in zip(turns, stand.normalised, strict=True):
                advantages[name, place] = value
        return advantages

    def row(self) -> GroupRow:
        """Return the line of the group."""
        first, stand = self.members[0], self.standing
        return GroupRow(
            group_id=first.group_id,
            domain=first.env.domain,
            task_id=first.task.task_id,
            members=len(self.members),
            counted=len(self.counted),
            mean=stand.mean,
            deviation=stand.deviation,
            successes=sum(one.outcome.status == "success" for one in self.counted),
            alone=len(self.counted) <= 1,
            flat=len(set(self.totals)) <= 1,
            shared_states=sum(
                len({name for name, *_ in turns}) > 1 for turns in self._met.values()
            ),
        )

    def trajectory(self, member: int) -> TrajectoryRow:
        """Return the line of a member."""
        one = self.members[member]
        counted = one.trajectory_id in self.steps
        place = self._places.get(one.trajectory_id, 0)
        env, outcome = one.env, one.outcome
        return TrajectoryRow(
            trajectory_id=one.trajectory_id,
            group_id=one.group_id,
            member=member,
            domain=env.domain,
            task_id=one.task.task_id,
            split=one.task.split,
            family=one.task.family,
            policy=one.agent.name,
            tools=_key(one),
            seed=env.seed,
            luck=env.luck,
            user=env.user,
            faults=env.faults,
            hints=env.hints,
            reward=env.reward,
            turns=len(self.steps.get(one.trajectory_id, ())),
            return_=self.totals[place] if counted else 0.0,
            success=outcome.status == "success",
            status=outcome.status,
            termination=outcome.termination,
            failure=outcome.failure,
            counted=counted,
            masks=_masks(one, self.steps[one.trajectory_id], self._options) if counted else (),
            advantage_leave_one_out=self.standing.leave_one_out[place] if counted else 0.0,
            advantage_normalised=self.standing.normalised[place] if counted else 0.0,
        )

    def turns(self, row: TrajectoryRow) -> list[TurnRow]:
        """Return the lines of the turns of a member."""
        found = self.steps.get(row.trajectory_id, [])
        to_go = returns([step.reward for step in found], 1.0)
        rows, history = [], list[Message]()
        for place, step in enumerate(found):
            history += step.observation
            last = place + 1 == len(found)
            rows.append(
                TurnRow(
                    trajectory_id=row.trajectory_id,
                    group_id=row.group_id,
                    turn=place + 1,
                    messages=tuple(history)
                    if self._options.messages == "all"
                    else step.observation,
                    action=step.action,
                    reward=step.reward,
                    terms=step.event.terms,
                    to_go=to_go[place],
                    flags=step.event.flags,
                    done=last,
                    truncated=last and _cut_off(row.termination),
                    state=step.state,
                    advantage_leave_one_out=row.advantage_leave_one_out,
                    advantage_normalised=row.advantage_normalised,
                    advantage_state=self.by_state[row.trajectory_id, place],
                    loss=step.event.loss and not row.masks,
                )
            )
            history.append(step.action)
        return rows


def dataset(given: Sequence[Trajectory], options: RLOptions) -> tuple[dict[str, bytes], Counts]:
    """Write every file of the folder.

    Args:
        given: The trajectories, failures too, in order.
        options: What the rows hold.
    """
    groups = defaultdict[str, list[Trajectory]](list)
    for one in given:
        groups[one.group_id].append(one)
    found = {name: _Group(members, options) for name, members in groups.items()}
    trajectories: list[TrajectoryRow] = []
    turns: list[TurnRow] = []
    places: dict[str, int] = defaultdict(int)
    for one in given:
        group = found[one.group_id]
        row = group.trajectory(places[one.group_id])
        places[one.group_id] += 1
        trajectories.append(row)
        turns += group.turns(row)
    tools = {_key(one): one for one in given}
    rows = [group.row() for group in found.values()]
    counts = Counts(
        trajectories=sum(row.counted for row in trajectories),
        turns=len(turns),
        groups=len(rows),
        alone=sum(row.alone for row in rows),
        flat=sum(row.flat and not row.alone for row in rows),
        masked=sum(bool(row.masks) for row in trajectories),
        broken=sum(not row.counted for row in trajectories),
    )
    files = {
        "LICENSE": licence(given).encode(),
        "README.md": readme(given, msgspec.structs.asdict(counts), options).encode(),
        "groups.jsonl": encode_lines(rows),
        "schema.json": _schema(),
        "tools.jsonl": encode_lines(_tools(key, one) for key, one in sorted(tools.items())),
        "trajectories.jsonl": encode_lines(trajectories),
        "turns.jsonl": encode_lines(turns),
    }
    return files, counts


def _broken(one: Trajectory) -> bool:
    failure = one.outcome.failure
    return one.outcome.status == "error" or (failure is not None and failure.by == "environment")


def _cut_off(termination: str) -> bool:
    return termination in ("max_turns", "budget")


def _masks(one: Trajectory, found: Sequence[Step], options: RLOptions) -> tuple[Mask, ...]:
    flags = {flag for step in found if step.event.loss for flag in step.event.flags}
    reasons: Mapping[Mask, bool] = {
        "void": "void" in flags,
        "malformed": "malformed" in flags,
        "overlong": _cut_off(one.outcome.termination),
    }
    return tuple(mask for mask in options.masks if reasons[mask])


def _key(one: Trajectory) -> str:
    return digest(encode(one.tools))


def _tools(key: str, one: Trajectory) -> ToolsRow:
    return ToolsRow(
        key=key,
        tools=tuple(
            {
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": tool.parameters,
                },
            }
            for tool in one.tools
            if tool.requestor == "assistant"
        ),
    )


def _schema() -> bytes:
    """Describe the lines of each file as JSON Schema."""
    kinds = {
        "groups.jsonl": GroupRow,
        "tools.jsonl": ToolsRow,
        "trajectories.jsonl": TrajectoryRow,
        "turns.jsonl": TurnRow,
    }
    made, defs = msgspec.json.schema_components(kinds.values(), ref_template="#/$defs/{name}")
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Lines of the files of an export for reinforcement learning",
        "properties": dict(zip(kinds, made, strict=True)),
        "$defs": defs,
    }
    return msgspec.json.format(encode(whole), indent=2) + b"\n"
