"""Whole sentences, by tone: how a request begins and ends around what is asked.

Comes before `english`, which adds what the sentences are about. Next: `manners`, the openers
and closers and who speaks.
"""

from __future__ import annotations

from agentgym.tasks.words.grammar import Many, Symbol
from agentgym.tasks.words.grammar import productions as p
from agentgym.tasks.words.manners import MANNERS, REGISTERS
from agentgym.tasks.words.phrases import Do, Message, Query

__all__ = ["REGISTERS", "SENTENCES"]

_SHORT = ("terse", "expert")
_DIRECT = ("plain", "busy", "expert", "learner")

SENTENCES: dict[str, Symbol] = {
    "orders": Many(item="order", separators=(", ", " and "), most=4),
    "query": (
        *p(Query, "{things:directs}", registers=("plain", "busy", "rambling", "expert", "learner")),
        *p(Query, "[what is|what's] {things:whats}?", plural=False, registers=_DIRECT),
        *p(Query, "what are {things:phrases}?", plural=True, registers=_DIRECT),
        *p(Query, "can you tell me {things:tales}?", registers=("plain", "learner")),
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
            "please give me {things:lists}.",
            "I need {things:lists}.",
            "could you give me {things:lists}?",
            "can I have {things:lists}, please?",
        ),
        *p(
            Query,
            "{things:phrases}, please.",
            "{things:phrases}?",
            "tell me {things:tales}.",
            "[I need|give me] {things:phrases}.",
            registers=("terse",),
        ),
        *p(
            Query,
            "I need to know {things:tales}.",
            "I need {things:phrases}.",
            "can you find out {things:tales}?",
            "please look up {things:phrases}.",
            "I'm looking for {things:phrases}.",
            registers=("busy",),
        ),
        *p(
            Query,
            "do you happen to know {things:tales}?",
            "I was wondering if you could tell me {things:tales}.",
            "I'd like to find out {things:tales}.",
            "can you help me find {things:phrases}?",
            "could you maybe find out {things:tales}?",
            registers=("rambling",),
        ),
        *p(
            Query,
            "look up {things:phrases}.",
            "get me {things:phrases}.",
            "show me {things:phrases}.",
            "find {things:phrases}.",
            registers=("expert",),
        ),
        *p(
            Query,
            "please, I want to know {things:tales}.",
            "please tell me {things:tales}.",
            "I need to know {things:tales}, please.",
            "is it possible to know {things:tales}?",
            "can you tell me {things:tales}, please?",
            registers=("learner",),
        ),
    ),
    "do": (
        *p(Do, "please {orders:orders}.", registers=("plain", "polite", "busy", "learner")),
        *p(Do, "can you {orders:orders}?", registers=("plain", "learner")),
        *p(Do, "{orders:fronts}.", registers=("plain", "polite", "busy")),
        *p(Do, "I need you to {orders:orders}.", registers=("plain", "busy")),
        *p(
            Do,
            "could you please {orders:orders}?",
            "I'd like you to {orders:orders}.",
            "would you please {orders:orders}?",
            registers=("polite",),
        ),
        *p(Do, "{orders:orders}.", "{orders:orders}, please.", registers=_SHORT),
        *p(
            Do,
            "I'd appreciate it if you could {orders:orders}.",
            "I was hoping you could {orders:orders}.",
            "do you think you could {orders:orders}?",
            registers=("rambling",),
        ),
        *p(
            Do,
            "I want you to {orders:orders}.",
            "I need that you {orders:orders}, please.",
            "can you {orders:orders}, please?",
            registers=("learner",),
        ),
    ),
    "sentence": p(None, "{_1:query}", "{_1:do}", "{_1:if}", "{_1:picked}", "{_1:story}"),
    "later": (
        *p(
            Query,
            "also, what is {things:whats}?",
            "and what is {things:whats}?",
            plural=False,
            registers=("plain", "busy", "learner"),
        ),
        *p(
            Query,
            "also, what are {things:phrases}?",
            "and what are {things:phrases}?",
            plural=True,
            registers=("plain", "busy", "learner"),
        ),
        *p(Query, "can you also tell me {things:tales}?", registers=("plain",)),
        *p(
            Query,
            "I [also need|would also like] to know {things:tales}.",
            "also, could you tell me {things:tales}?",
            "and please tell me {things:tales}.",
            registers=("polite", "busy", "rambling"),
        ),
        *p(Query, "[also|then] tell me {things:tales}.", "look up {things:phrases}, too.",
           registers=_SHORT),
        *p(Query, "I also want to know {things:tales}.", registers=("learner",)),
        *p(Do, "[also, please|then please|after that, please] {orders:orders}.",
           registers=("plain", "polite", "busy", "rambling", "learner")),
        *p(Do, "and could you also {orders:orders}?", registers=("polite", "rambling")),
        *p(Do, "[then|also] {orders:orders}.", registers=_SHORT),
        *p(None, "{_1:if}", "{_1:picked}", "{_1:story}"),
        *p(None, "{_1:query}", "{_1:do}", registers=("none",)),
    ),
    "sentences": Many(item="sentence", later="later", most=80),
    "paragraphs": Many(item="sentence", later="later", separators=("\n\n",), most=80),
    "item": (
        *p(Query, "make {things:lists}.", "give me {things:lists}."),
        *p(Query, "tell me {things:tales}.", "find out {things:tales}."),
        *p(Query, "look up {things:phrases}."),
        *p(Do, "{orders:orders}."),
        *p(Do, "please {orders:orders}.", registers=("polite", "learner")),
        *p(None, "{_1:if}", "{_1:picked}", "{_1:story}"),
    ),
    "items": Many(item="item", numbered=True, most=80),
    "message": (
        *p(
            Message,
            "{_:opener}{sentences:sentences}{_:closer}",
            asks=True, mine=False, form="prose", led=False, intros=(),
        ),
        *p(
            Message,
            "{_:wish opener}{sentences:sentences}{_:closer}",
            asks=False, mine=False, form="prose", led=False, intros=(),
        ),
        *p(
            Message,
            "{_:own opener}{sentences:sentences}{_:closer}",
            mine=True, form="prose", led=False, intros=(),
        ),
        *p(
            Message,
            "{_:calm opener}{intros:intros}{sentences:sentences}{_:closer}",
            led=True, form="prose",
        ),
        *p(
            Message,
            "{_:calm opener}{intros:intros}{sentences:paragraphs}{_:closer}",
            form="paragraphs",
        ),
        *p(
            Message,
            "{_:list opener}{intros:intros}\n{sentences:items}{_:list closer}",
            form="list",
        ),
    ),
}  # fmt: skip
"""Symbol to what it can be, from the message down to what is asked."""

SENTENCES |= MANNERS
