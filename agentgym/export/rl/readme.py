"""What a folder for reinforcement learning says about itself. Next: `dataset`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from agentgym.export.readme import mark
from agentgym.export.rl.options import RLOptions
from agentgym.trajectory import Trajectory

__all__ = ["readme"]


_TEXT = """
## Files

| file | one line is |
|---|---|
| `turns.jsonl` | a turn of the agent: what it was shown, what it did, reward, flags, advantages, whether there is a loss |
| `trajectories.jsonl` | an episode: task, seeds, settings, return, how it ended, masks, advantages |
| `groups.jsonl` | the episodes of one task, world and luck: mean, deviation, successes |
| `tools.jsonl` | tools as they were shown, by the `key` that `trajectories.jsonl` names as `tools` |
| `schema.json` | JSON Schema of these lines |

Lines are in the order of the run. `trajectory_id` and `group_id` tie the files together.

With `messages=new` a turn holds what the agent was shown since its action before. The whole prompt of turn n is then: `messages` and `action` of the turns 1 to n - 1, one after the other, and `messages` of turn n. With `messages=all` it stands there as it is.

A part of an action that could not be read as a call is text of the action, and its answer a message of the user. What a user answers to a question that was put by a tool is the result of that call. A message with the name `notice` is what the world told of its own accord.

## Rewards and advantages

R is the return of a trajectory: the sum of its turns' `reward`, not discounted. K is the number of trajectories of its group that count.

- `advantage_leave_one_out` = K / (K - 1) (R - mean): R less the mean of the others (Kool et al. 2019; RLOO, arXiv 2402.14740; LOOP, arXiv 2502.01600). In a group whose returns lie between a and b it lies between a - b and b - a.
- `advantage_normalised` = (R - mean) / (deviation + epsilon), with the deviation of the sample, as trainers of GRPO compute it (arXiv 2402.03300). It lies between -(K - 1) / sqrt(K) and (K - 1) / sqrt(K).
- `advantage_state` = the same of r + gamma r' + gamma^2 r'' + ... among the turns of the group that were taken in the same `state`, whichever trajectory they are of (the anchor states of GiGPO, arXiv 2505.10978). 0.0 where there is no other such turn.

The advantages of a trajectory stand in each of its turns: one outcome for all of them, whatever their number. Nothing is divided by a length; whether a loss is a mean over tokens, turns or trajectories is the trainer's choice, for which `turns` stands in `trajectories.jsonl`.

Advantages sum to 0 over a group that is whole. What is masked has no loss and still counts in mean and deviation, as in SimpleTIR (arXiv 2509.02479): the others are compared with what was really earned.

`loss` is false in all turns of a masked trajectory, and in turns that were played on the agent's behalf. `masks`: `void` (a turn held neither a readable call nor a message), `malformed` (a part of a turn could not be read as a call), `overlong` (cut off before it was concluded).

An episode in which the environment itself failed says nothing about the agent: it stands in `trajectories.jsonl` with `counted` false, has no turns, and is in no mean.
"""


def readme(given: Sequence[Trajectory], counts: Mapping[str, int], options: RLOptions) -> str:
    """Describe the folder.

    Args:
        given: All trajectories.
        counts: What was written, by name.
        options: What the rows hold.
    """
    groups = f"{counts['groups']} groups"
    if counts["alone"]:
        groups += (
            f"; {counts['alone']} of them of one trajectory, which has nobody to be compared with: "
            "its advantages are 0"
        )
    masks = " or ".join(options.masks) or "nothing"
    lines = [
        mark("rl"),
        "# Episodes for reinforcement learning",
        "",
        f"{counts['turns']} turns of {counts['trajectories']} trajectories in {groups}.",
        f"Groups of several that all earned the same, with advantages of 0: {counts['flat']}.",
        f"Trajectories without a loss, for {masks}: {counts['masked']}.",
        f"Left out of all figures, since the environment failed: {counts['broken']}.",
        f"messages={options.messages}, gamma={options.gamma:g}, epsilon={options.epsilon:g}.",
        "",
        "| domain | policy | reward | trajectories | tasks | successes |",
        "|---|---|---|---|---|---|",
    ]
    kinds = Counter((one.env.domain, one.agent.name, one.env.reward) for one in given)
    for (domain, policy, reward), number in sorted(kinds.items()):
        mine = [
            one
            for one in given
            if (one.env.domain, one.agent.name, one.env.reward) == (domain, policy, reward)
        ]
        tasks = {one.task.task_id for one in mine}
        won = sum(one.outcome.status == "success" for one in mine)
        lines.append(
            f"| {domain} | {policy} | {reward or 'success'} | {number} | {len(tasks)} | {won} |"
        )
    return "\n".join(lines) + "\n" + _TEXT
