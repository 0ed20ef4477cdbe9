"""`DiscreteCalls`: an environment of tools as one of numbered actions, for classic learners.

In comes the number of an action, out goes a vector; the texts of the environment below are read
here, by words alone. What may be chosen stands in `info["action_mask"]`, what each choice looks
like in `info["action_features"]`.
"""

from __future__ import annotations

import re
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete
from numpy.typing import NDArray

from agentgym.env.discrete.calls import Candidate, Face, candidates, faces
from agentgym.env.discrete.known import Memory
from agentgym.errors import UsageError
from agentgym.formats import to_text
from agentgym.rng import key

__all__ = ["ACTION_FEATURES", "DiscreteCalls"]

_VERBS = (
    "get",
    "find",
    "search",
    "list",
    "compute",
    "create",
    "update",
    "change",
    "delete",
    "identify",
    "ask",
    "conclude",
)
_KINDS = ("request", "reply", "error", "nothing", "row", "rows", "written", "other")
_BAG = 64
"""Numbers into which the words of the request are hashed."""
_BASE = ("share", "fit", "filled", "said", "first", "answer", "open", "refused")
ACTION_FEATURES = (
    *_BASE,
    *(f"verb_{verb}" for verb in (*_VERBS, "other")),
    *(f"{end}_after_{kind}" for end in ("conclude", "answer", "write", "read") for kind in _KINDS),
    *(f"verb_{verb}_asked" for verb in _VERBS),
)
"""Names of the columns of `info["action_features"]`."""
_COLUMN = {name: place for place, name in enumerate(ACTION_FEATURES)}
_ASKED = {
    "create": r"\b(create|add|new|book|set up|register|record|open)\b",
    "update": r"\b(update|change|set|correct|edit|modify|adjust|make|put)\b",
    "change": r"\b(status|mark|change|set|move|switch)\b",
    "delete": r"\b(delete|remove|cancel|drop|erase)\b",
    "compute": r"\b(how many|average|total|sum|number of|mean|count|add up)\b",
    "conclude": r"\?|\b(what|which|who|when|tell|find|look|show|get me|give me)\b",
}
_ASKED_NOW = {verb: re.compile(text, re.IGNORECASE) for verb, text in _ASKED.items()}
_READS = frozenset(
    {"get", "find", "search", "list", "compute", "identify", "calculate", "current", "ask"}
)


class DiscreteCalls(
    gymnasium.Wrapper[NDArray[np.float32], int, str, str], gymnasium.utils.RecordConstructorArgs
):
    """Numbered calls in, vectors out.

    Action `tool * variants + v` is the v-th likeliest call of a tool of the domain: parameters are
    filled with values of the request and of results, by type and by words. Where a number stands
    for no call in the present state, its mask is 0, and to choose it is a void turn.

    Args:
        env: A `ToolEnv` (or wrapped one): texts in, texts out.
        variants: Calls of each tool that can be told apart, 1 to 16.

    Attributes:
        action_space: `Discrete(tools * variants)`.
        observation_space: `Box(0, 1)` of float32: the kind of the last answer, its size, the share
            of turns used, the request's words hashed into 64 numbers, the last tool (one hot),
            and for each action how well it fits the words (0 where it cannot be chosen).

    Raises:
        UsageError: `variants` is out of range, or the environment does not name its tools.
    """

    def __init__(self, env: gymnasium.Env[str, str], *, variants: int = 4) -> None:
        gymnasium.utils.RecordConstructorArgs.__init__(self, variants=variants)
        gymnasium.Wrapper.__init__(self, env)  # type: ignore[misc]  # its stub mixes up the two sides
        self._below = env
        if not 1 <= variants <= 16:
            raise UsageError("1 to 16 variants", found=str(variants), where="variants")
        names = getattr(env.action_space, "tools", ())
        if not names:
            found = type(env.action_space).__name__
            raise UsageError(
                "an environment whose action space names its tools",
                found=found,
                hint="wrap a ToolEnv: gymnasium.make('agentgym/Domain-v0', domain=...)",
            )
        self.variants = variants
        self.tools: tuple[str, ...] = tuple(names)
        """Names of the tools, in the order of their actions."""
        self._places = {name: place for place, name in enumerate(self.tools)}
        self._state = len(_KINDS) + 4 + _BAG + len(self.tools)
        self._size = size = len(self.tools) * variants
        self.action_space = Discrete(size)  # type: ignore[assignment]  # its ints are numpy's
        self.observation_space = Box(0.0, 1.0, (self._state + size,), np.float32)
        self.candidates: dict[int, Candidate] = {}
        """What each action that may be chosen stands for, in the present state."""
        self._faces: list[Face] = []
        self._shown: object = None
        self._memory = Memory("")
        self._info: dict[str, Any] = {}

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Start an episode; arguments as those of the environment below."""
        observation, info = self._below.reset(seed=seed, options=options)
        self._memory = Memory(observation)
        if info["tools"] is not self._shown:
            self._shown, self._faces = info["tools"], faces(info["tools"])
        return self._look(info, 0), self._info

    def step(self, action: Any) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Make the call that an action stands for, as one turn."""
        chosen = self.candidates.get(int(action))
        memory = self._memory
        if chosen is None:
            sent = "{}"
        else:
            sent = to_text({"name": chosen.tool, "arguments": chosen.arguments})
            memory.made.add(to_text([chosen.tool, sorted(chosen.arguments.items())]))
            memory.last = (chosen.tool, chosen.arguments)
        observation, reward, terminated, truncated, info = self._below.step(sent)
        memory.learn(observation, int(info["turn"]))
        if chosen is not None and memory.kind == "row" and _end(chosen) == "write":
            memory.kind = "written"
        place = 0 if chosen is None else self._places.get(chosen.tool, -1) + 1
        return self._look(info, place), float(reward), terminated, truncated, self._info

    def _look(self, info: dict[str, Any], last: int) -> NDArray[np.float32]:
        memory = self._memory
        self.candidates = {}
        size = self._size
        mask = np.zeros(size, dtype=np.int8)
        features = np.zeros((size, len(ACTION_FEATURES)), dtype=np.float32)
        vector = np.zeros(self._state + size, dtype=np.float32)
        for face in self._faces:
            tool = self._places.get(face.name)
            if tool is None:
                continue
            for variant, found in enumerate(candidates(face, memory, self.variants)):
                if variant == self.variants:
                    break
                number = tool * self.variants + variant
                self.candidates[number] = found
                mask[number] = 1
                features[number] = _features(face, found, variant, memory)
                vector[self._state + number] = (found.share + found.fit) / 2
        if not self.candidates:  # nothing fits: any action is as void as the others
            mask[:] = 1
        vector[: self._state] = self._summary(memory, info, last)
        self._info = info | {"action_mask": mask, "action_features": features}
        return vector

    def _summary(self, memory: Memory, info: dict[str, Any], last: int) -> NDArray[np.float32]:
        state = np.zeros(self._state, dtype=np.float32)
        state[_KINDS.index(memory.kind)] = 1.0
        at = len(_KINDS)
        state[at] = min(memory.rows, 20) / 20
        state[at + 1] = min(int(info["turn"]), 30) / 30
        state[at + 2] = min(len(memory.values), 100) / 100
        state[at + 3] = float(memory.pages > 1)
        at += 4
        for word in memory.words:
            state[at + key("word", word) % _BAG] = 1.0
        if last:
            state[at + _BAG + last - 1] = 1.0
        return state


def _features(face: Face, found: Candidate, variant: int, memory: Memory) -> NDArray[np.float32]:
    row = np.zeros(len(ACTION_FEATURES), dtype=np.float32)
    answer = face.name == "conclude" and "answer" in found.arguments
    row[:8] = (
        found.share,
        found.fit,
        min(found.filled, 6) / 6,
        found.said,
        variant == 0,
        answer,
        face.name == "ask_user",
        found.arguments.get("outcome") in ("refused", "impossible"),
    )
    verb = face.verb if face.verb in _VERBS else "other"
    row[_COLUMN[f"verb_{verb}"]] = 1.0
    asked = _ASKED_NOW.get(verb)
    if asked is not None and asked.search(memory.request):
        row[_COLUMN[f"verb_{verb}_asked"]] = 1.0
    row[_COLUMN[f"{_end(found)}_after_{memory.kind}"]] = 1.0
    return row


def _end(call: Candidate) -> str:
    """Say what a call is for: to read, to write, to conclude with an answer or without one."""
    if call.tool == "conclude":
        return "answer" if "answer" in call.arguments else "conclude"
    return "read" if call.tool.partition("_")[0] in _READS else "write"
