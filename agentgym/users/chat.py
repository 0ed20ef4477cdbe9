"""The model user: an agenda decides what is said, a language model how it is put.

A user comes in; out goes one who does the same with the same acts, in words of a model's where it
has any that carry just what is due, else in their own. Nothing that is judged depends on the words.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable

import msgspec

from agentgym.client import Cache, Client, default_folder
from agentgym.trajectory import Result
from agentgym.users.user import Reply, Report, User
from agentgym.users.voice import Voice

__all__ = ["ChatUser", "client", "close"]


class ChatUser:
    """A user whose words are a model's.

    Args:
        user: Who decides what is said.
        voice: Puts it into other words.
    """

    __slots__ = ("_own", "_place", "_user", "_voice")

    def __init__(self, user: User, voice: Voice) -> None:
        self._user, self._voice = user, voice
        self._place = self._own = 0

    @property
    def opening(self) -> str:
        """The first message: as the task has it, since that is what was proved."""
        return self._user.opening

    @property
    def wants(self) -> tuple[str, ...]:
        """Ids of the plan's writes and emits that are wanted now."""
        return self._user.wants

    @property
    def worded(self) -> int:
        """How many messages were said in words of the model's."""
        return self._own

    def answer(self, question: str) -> Reply:
        """Answer a question.

        Raises:
            UnreachableError: The model's server cannot be reached.
            RefusedError: It does not let us in.
            UnknownModelError: It has no such model.
        """
        return self._put(self._user.answer(question), question)

    def hear(self, message: str) -> Reply:
        """React to a message; errors as those of `answer`."""
        return self._put(self._user.hear(message), message)

    def did(self, deed: str, result: Result) -> str:
        """Hear what came of a deed of their own."""
        return self._user.did(deed, result)

    def fork(self) -> ChatUser:
        """Return an independent copy in the same state; the model is shared."""
        other = ChatUser(self._user.fork(), self._voice)
        other._place, other._own = self._place, self._own
        return other

    def state(self) -> Hashable:
        """Return all that what they do from here on depends on."""
        voice = self._voice
        return (self._user.state(), self._place, voice.client.model, voice.candidates, voice.seed)

    def report(self) -> Report:
        """Say how the conversation went so far."""
        return self._user.report()

    def _put(self, reply: Reply, heard: str) -> Reply:
        place = self._place
        self._place += 1
        found = self._voice.put(reply.text, heard, place)
        if found is None:
            return reply
        self._own += 1
        return msgspec.structs.replace(reply, text=found)


_CLIENTS: dict[tuple[str, str], Client] = {}
_LOCK = threading.Lock()


def client(model: str, url: str) -> Client:
    """Return the client of a model, one for all users in the process; its answers are kept.

    Args:
        model: Its name.
        url: Where it is reached, up to `/v1`; empty for `$OPENAI_BASE_URL`.
    """
    with _LOCK:
        found = _CLIENTS.get((model, url))
        if found is None:
            cache = Cache(default_folder())
            found = Client(model, base_url=url or None, cache=cache, retries=2)
            _CLIENTS[model, url] = found
        return found


def close() -> None:
    """Close the connections of all users in the process; a later user opens new ones."""
    with _LOCK:
        clients = list(_CLIENTS.values())
        _CLIENTS.clear()
    for one in clients:
        one.close()
