"""Whole sentences, by tone: how a request begins and ends around what is asked.

Comes before `english`, which adds what the sentences are about.
"""

from __future__ import annotations

from agentgym.tasks.words.grammar import Filler, Many, Symbol
from agentgym.tasks.words.grammar import productions as p
from agentgym.tasks.words.phrases import Do, Message, Query

__all__ = ["REGISTERS", "SENTENCES"]

REGISTERS = ("plain", "polite", "brief", "busy", "chatty")
"""The tones of a message."""

_DIRECT = ("plain", "busy")

SENTENCES: dict[str, Symbol] = {
    "orders": Many(item="order", separators=(", ", " and "), most=4),
    "query": (
        *p(Query, "{things:directs}", registers=("plain", "busy", "chatty")),
        *p(Query, "[what is|what's] {things:whats}?", plural=False, registers=_DIRECT),
        *p(Query, "what are {things:phrases}?", plural=True, registers=_DIRECT),
        *p(Query, "can you tell me {things:tales}?", registers=("plain",)),
        *p(
            Query,
            "could you [please tell me|tell me|let me know] {things:tales}?",
            "please let me know {things:tales}.",
            "I would like to know {things:tales}, please.",
            "could you look up {things:phrases}, please?",
            "would you mind telling me {things:tales}?",
            registers=("polite",),
        ),
        *p(
            Query,
            "{things:phrases}, please.",
            "{things:phrases}?",
            "tell me {things:tales}.",
            "[I need|give me] {things:phrases}.",
            registers=("brief",),
        ),
        *p(
            Query,
            "I need to know {things:tales}.",
            "I need {things:phrases}.",
            "can you [check|find out] {things:tales}?",
            "please check {things:tales}.",
            "I'm looking for {things:phrases}.",
            registers=("busy",),
        ),
        *p(
            Query,
            "do you happen to know {things:tales}?",
            "I was wondering if you could tell me {things:tales}.",
            "I'd like to find out {things:tales}.",
            "can you help me find {things:phrases}?",
            registers=("chatty",),
        ),
    ),
    "do": (
        *p(Do, "please {orders:orders}.", registers=("plain", "polite", "busy")),
        *p(Do, "can you {orders:orders}?", registers=("plain",)),
        *p(Do, "{orders:fronts}.", registers=("plain", "polite", "busy")),
        *p(Do, "I need you to {orders:orders}.", registers=("plain", "busy")),
        *p(
            Do,
            "could you please {orders:orders}?",
            "I'd like you to {orders:orders}.",
            "would you please {orders:orders}?",
            registers=("polite",),
        ),
        *p(Do, "{orders:orders}.", "{orders:orders}, please.", registers=("brief",)),
        *p(
            Do,
            "I'd appreciate it if you could {orders:orders}.",
            "I was hoping you could {orders:orders}.",
            "do you think you could {orders:orders}?",
            registers=("chatty",),
        ),
    ),
    "sentence": p(None, "{_1:query}", "{_1:do}"),
    "later": (
        *p(
            Query,
            "also, what is {things:whats}?",
            "and what is {things:whats}?",
            plural=False,
            registers=("plain", "busy"),
        ),
        *p(
            Query,
            "I [also need|would also like] to know {things:tales}.",
            "also, could you tell me {things:tales}?",
            "and please tell me {things:tales}.",
            registers=("polite", "busy", "chatty"),
        ),
        *p(Query, "also {things:phrases}.", "then tell me {things:tales}.", registers=("brief",)),
        *p(Do, "[also, please|then please|after that, please] {orders:orders}.",
           registers=("plain", "polite", "busy", "chatty")),
        *p(Do, "and could you also {orders:orders}?", registers=("polite", "chatty")),
        *p(Do, "[then|also] {orders:orders}.", registers=("brief",)),
        *p(None, "{_1:query}", "{_1:do}", registers=("none",)),
    ),
    "sentences": Many(item="sentence", later="later"),
    "opener": Filler(
        options={
            "plain": ("", "", "Hi, ", "Hello, ", "Quick question: "),
            "polite": ("", "Hello, ", "Good morning, ", "Good afternoon. ", "Hello! "),
            "brief": ("",),
            "busy": (
                "",
                "I'm checking our records: ",
                "I'm going through our files. ",
                "I'm preparing a report: ",
                "I have someone on the phone. ",
            ),
            "chatty": ("Hi there! ", "Hey, ", "Hi, hope you're well. ", "Hi! "),
        }
    ),
    "closer": Filler(
        options={
            "plain": ("", "", "", " Thanks."),
            "polite": ("", " Thank you.", " Thank you very much."),
            "chatty": ("", " Thanks a lot!", " Thanks in advance!"),
        }
    ),
    "wish opener": Filler(
        options={
            "plain": ("", "", "Hi, ", "Hello, "),
            "polite": ("", "Hello, ", "Good morning, ", "Good afternoon. ", "Hello! "),
            "brief": ("",),
            "busy": (
                "",
                "I'm cleaning up our records: ",
                "We need a correction. ",
                "I have someone on the phone. ",
                "Something has to change in our files. ",
            ),
            "chatty": ("Hi there! ", "Hey, ", "Hi, hope you're well. ", "Hi! "),
        }
    ),
    "message": (
        *p(Message, "{_:opener}{sentences:sentences}{_:closer}", asks=True),
        *p(Message, "{_:wish opener}{sentences:sentences}{_:closer}", asks=False),
    ),
}  # fmt: skip
"""Symbol to what it can be, from the message down to what is asked."""
