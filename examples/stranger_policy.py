"""A policy as a stranger would write it: it knows observations and `info["tools"]`, no more.

Asked for "the city of the patient of the invoice A7", it finds the last thing by its name, goes
along keys and lists to the first, and reads, counts or changes that; it creates and deletes
nothing. What words mean it learns from the tools' names and their parameters' descriptions.
`python examples/stranger_policy.py [DOMAIN [EPISODES]]` prints how each episode ends.
"""

from __future__ import annotations

import json
import re
import sys
from calendar import month_name
from collections import defaultdict
from collections.abc import Generator
from itertools import pairwise
from typing import Any

import gymnasium as gym

import agentgym

Row = dict[str, Any]
Steps = Generator[tuple[str, Row], Any, Any]  # yields calls, is sent their results

FIGURES = {  # what compute_ tools call a figure, and what a request does
    "count": r"how many|number of(?! the\b)",
    "avg": "mean|average",
    "sum": "combined|total(?! of)|sum of",
    "max": "(?:highest|largest|latest|most recent)(?=.* among)",
    "min": "(?:lowest|smallest|earliest)(?=.* among)",
}
DAY = rf"({'|'.join(month_name)[1:]}) (\d\d?), (\d{{4}})"
PERSON = r"(?<=[a-z] )[^\W\d_a-z][\w'’-]*[a-z](?: [^\W\d_a-z][\w'’-]*[a-z])+"
VALUE = r"«\d+»|\d{4}-\d\d-\d\d|(?<![\w.])-?\d+(?:\.\d+)?"
HELD = r"(?: to)? (?:\((?:ask me|I'll)[^)]*\)|something I'll tell you[\w ]*)"
ORDER = r"\b(?:change|update|set|create|add|set up|delete|remove) (?=the |an? new )"
NOISE = set("a an the of in to as and with whose is only this from min max contains".split())
AFTER = "of|that|whose|with|from|dated|named|called|has|have|is|are|to|on|and|for|there|do|does"


def words(text: str) -> tuple[str, ...]:
    """Return the words that matter of a text or a name, the same for one and for many."""
    found = (word for word in re.findall(r"[^\W_]+", text.lower()) if word not in NOISE)
    return tuple(re.sub(r"(ies|y|(?<=..)[es]+)$", "", word) for word in found)


def fit(text: str, parameter: Row) -> Any:
    """Return a value of the request as a parameter takes it, or None."""
    if "enum" in parameter:
        return next((one for one in parameter["enum"] if words(str(one)) == words(text)), None)
    if "string" not in parameter.get("type", "string"):
        return json.loads(text) if re.fullmatch(r"-?(0|[1-9]\d*)(\.\d+)?", text) else None
    return text if "format" not in parameter or re.match(r"\d{4}-\d\d-\d\d", text) else None


class Stranger:
    """Reads a request, and looks up, follows, counts and changes as its words say."""

    def __call__(self, observation: str, info: dict[str, Any]) -> str:
        """Return the next call."""
        if info["turn"] == 0:
            self.learn([tool["function"] for tool in info["tools"]])
            self.values: list[str] = []
            self.known = False
            self.request, self.steps = self.plain(observation), self.work()
        try:
            name, arguments = self.steps.send(json.loads(observation) if info["turn"] else None)
        except (LookupError, StopIteration) as lost:
            name, arguments = "conclude", {"outcome": "impossible", "reason": str(lost)}
        return json.dumps({"name": name, "arguments": arguments})

    def keep(self, value: Any) -> str:
        """Keep a value, and return what stands for it in a text: `«0»`."""
        self.values.append(str(value))
        return f"«{len(self.values) - 1}»"

    def plain(self, text: str) -> str:
        """Write quotes and full names as «0», and days as 2024-03-31."""
        text = re.sub(r"[\"“]([^\"“”]*)[\"”]", lambda match: self.keep(match[1]), text)
        text = re.sub(DAY, lambda d: f"{d[3]}-{[*month_name].index(d[1]):02}-{int(d[2]):02}", text)
        return re.sub(PERSON, lambda match: self.keep(match[0]), text)

    def learn(self, shown: list[Row]) -> None:
        """Learn from the tools what things there are, and what their fields are called."""
        self.tools: list[Row] = []
        self.keys: dict[tuple[str, ...], list[str]] = defaultdict(list)
        self.labels: dict[tuple[str, ...], set[str]] = defaultdict(set)
        things = set()
        for tool in shown:
            verb, _, rest = re.sub("_(by_.*|statistics|status)$", "", tool["name"]).partition("_")
            rest, _, owner = rest.partition("_of_") if verb == "list" else (rest, "", "")
            fields, needs = tool["parameters"]["properties"], tool["parameters"]["required"]
            known = {"name": tool["name"], "verb": verb, "thing": words(rest), "needs": needs}
            known |= {"owner": words(owner), "figures": fields.get("field", {}).get("enum", [])}
            own = {n: f for n, f in fields.items() if n not in {"function", "field", "sort_by"}}
            self.tools.append(known | {"fields": own})
            if verb in {"get", "update", "delete", "list"}:
                self.keys[words(owner or rest)] = needs
            things |= {rest.replace("_", " ")} - {"", "user", "time"}
            for name, field in fields.items():
                label = re.sub(r"^Only .* (this|the) |^\w+est ", "", field.get("description", ""))
                label = re.split("[,.:(]| of the | to include", label)[0]
                self.labels[words(name)].add(label)
        spoken = "|".join(sorted(things, key=len, reverse=True))
        field = "".join(f"(?<!{before} )" for before in ("whose", "with a", "with an", "with the"))
        self.thing = re.compile(rf"{field}\b({spoken})\b(?! (?!(?:{AFTER})\b)[a-z])", re.IGNORECASE)

    def mentions(self, text: str) -> list[re.Match[str]]:
        """Return the places of a text that speak of things."""
        if found := list(self.thing.finditer(text)):
            return found
        raise LookupError(f"I do not know what {text!r} is about.")

    def about(self, thing: tuple[str, ...], *verbs: str) -> list[Row]:
        """Return the tools that do something to a thing."""
        return [tool for tool in self.tools if tool["thing"] == thing and tool["verb"] in verbs]

    def best(self, fields: list[str], said: str) -> str:
        """Return the field whose names share most words with what is said, if any does."""
        shares = [(0.0, "")]
        for field in fields:
            for name in {field} | self.labels[words(field)]:
                ours, theirs = set(words(said)), set(words(name))
                shares.append((len(ours & theirs) / max(len(ours | theirs), 1), field))
        return max(shares, key=lambda share: share[0])[1]

    def fill(self, tool: Row, text: str) -> Row:
        """Give each value in a text to the parameter that the words before it call by name."""
        choices = [str(one) for field in tool["fields"].values() for one in field.get("enum", [])]
        choices = [rf"\b{re.escape(one).replace('_', '[_ ]')}\b" for one in choices]
        values, filled = "|".join([VALUE, *choices]), Row()
        for match in re.finditer(values, text):
            said = re.split(f"whose|with|{values}", text[: match.start()])[-1]
            value = self.values[int(match[0][1:-1])] if match[0][0] == "«" else match[0]
            lower = re.search("at least|no less|no earlier|on or after", said)
            upper = re.search("at most|no more|no later|on or before", said)
            wrong = "^max_|_to$" if lower else "^min_|_from$" if upper else "^$"
            fits = {name: fit(value, field) for name, field in tool["fields"].items()}
            top = self.best([name for name in fits if fits[name] is not None], said)
            same = [name for name in fits if top and words(name) == words(top)]  # min_, max_
            filled |= {name: fits[name] for name in same if not re.search(wrong, name)}
        return filled

    def first(self, calls: list[tuple[Row, Row]]) -> Steps:
        """Make calls until one gives a row, and return that."""
        for tool, arguments in calls:
            if arguments and set(tool["needs"]) <= set(arguments):
                result = yield tool["name"], arguments
                if "error" in result and (yield from self.permitted(result["error"])):
                    result = yield tool["name"], arguments
                for row in result.get("items", [] if "error" in result else [result]):
                    return row
        raise LookupError("I find no tool that does what the request speaks of.")

    def permitted(self, error: Row) -> Steps:
        """Do what a rule wants first: know the user, or get a yes. Tells whether it was done."""
        if not error.get("rule"):
            return False
        for tool in self.tools:
            if tool["verb"] == "identify" and not self.known:
                self.known, given = True, {}
                for name in tool["needs"]:
                    ask = {"question": f"What is your {name.replace('_', ' ')}?"}
                    said = (yield "ask_user", ask)["reply"].partition(" is ")[2].strip('".')
                    number = tool["fields"][name].get("type") == "integer"
                    given[name] = int(said) if number and said.isdecimal() else said
                return "error" not in (yield tool["name"], given)
        if "yes" in error["message"]:
            yield "ask_user", {"question": "Shall I go ahead?"}
            return True
        return False

    def find(self, thing: tuple[str, ...], text: str) -> Steps:
        """Find a row by what is said after its mention: a name, or conditions."""
        named = re.match(r" (?:named |called )?«(\d+)»", text)
        name, text = (self.values[int(named[1])], text[named.end() :]) if named else ("", text)
        calls: list[tuple[Row, Row]] = []
        for tool in self.about(thing, "find", "get", "search"):
            given, parts = self.fill(tool, text), name.split(" ", 1)
            if len(tool["needs"]) == len(parts) == 2:  # first and last name
                calls.append((tool, dict(zip(tool["needs"], parts, strict=True))))
            for field, shape in tool["fields"].items():
                if name and shape.get("type") == "string" and not {"enum", "format"} & set(shape):
                    calls.append((tool, given | {field: name}))
            calls += [] if name else [(tool, given)]
        return (yield from self.first(calls))

    def locate(self, text: str) -> Steps:
        """Find the row that a text speaks of: its first thing, by way of its last."""
        chain = self.mentions(text)  # payment, invoice, patient "Eve": go from right to left
        row = yield from self.find(words(chain[-1][0]), text[chain[-1].end() :])
        for thing, owner in reversed(list(pairwise(words(match[0]) for match in chain))):
            known = {name: row[name] for name in self.keys[thing] if name in row}
            calls = [(tool, known) for tool in self.about(thing, "get")]
            key = {name: row.get(name, row.get("id")) for name in self.keys[owner]}  # some say id
            calls += [(tool, key) for tool in self.about(thing, "list") if tool["owner"] == owner]
            row = yield from self.first(calls)
        return {name: row.get("id") for name in self.keys[words(chain[0][0])]} | row

    def work(self) -> Steps:
        """Ask for what is held back, change or answer what the request says, and conclude."""
        while held := re.search(HELD, self.request):
            what = re.split(" the ", self.request[: held.start()].partition(" of ")[0])[-1]
            ask = {"question": f"What is the new {what}?"}
            reply = yield from self.first([(tool, ask) for tool in self.about(("user",), "ask")])
            value = self.keep(reply["reply"].partition(" is ")[2].strip('".'))
            self.request = self.request.replace(held[0], f" to {value}", 1)
        orders = re.split(ORDER, self.request, flags=re.IGNORECASE)[1:]  # none in a question
        for order in orders:
            change = re.match(r"the (.+?) of (the .+?)( to (?!the\b).+)", order)
            if not change:
                raise LookupError("I only change one thing's fields, and do not see which.")
            row, said = (yield from self.locate(change[2])), change[1] + change[3]
            calls = []
            for tool in self.about(words(self.mentions(change[2])[0][0]), "update", "change"):
                key = {name: row.get(name) for name in tool["needs"]}
                calls.append((tool, key | self.fill(tool, said)))
            yield from self.first(calls)
        answer = {} if orders else {"answer": (yield from self.answer())}
        yield "conclude", {"outcome": "done", **answer}

    def answer(self) -> Steps:
        """Return the figure or the field that is asked for."""
        for function, called in FIGURES.items():
            if figure := re.search(rf"\b(?:{called}) (.*)", self.request, re.IGNORECASE):
                return (yield from self.compute(function, figure[1]))
        for asked, text in re.findall(r"(?i)\bthe ([^.:?]+?) of (the .*)", self.request):
            row = yield from self.locate(text)
            return row.get(self.best(list(row), asked))
        raise LookupError("I do not see what is asked for.")

    def compute(self, function: str, text: str) -> Steps:
        """Compute a figure over the things that meet conditions and belong to another."""
        what, *others = self.mentions(text)
        thing, said = words(what[0]), text[what.end() :]
        if others:  # its key joins the conditions, as `patient_id «3»`
            said = text[what.end() : others[0].start()]
            row = yield from self.locate(text[others[0].start() :])
            for name in self.keys[words(others[0][0])]:
                said += f" {name} {self.keep(row[name])}"
        calls = [(tool, self.fill(tool, said)) for tool in self.about(thing, function)]  # count_
        for tool in self.about(thing, "compute"):
            field = self.best(tool["figures"], text[: what.start()])
            figure = {"function": function} | ({"field": field} if field else {})
            calls.append((tool, self.fill(tool, said) | figure))
        return (yield from self.first(calls))["value"]


def main(domain: str = "clinic", episodes: int | str = 10) -> float:
    """Play episodes, print how each ends, and return the share that succeeded."""
    env, policy = gym.make("agentgym/Domain-v0", domain=domain), Stranger()
    family = {task.id: task.family for task in agentgym.load(domain).tasks}  # for the summary only
    won: dict[str, list[bool]] = defaultdict(list)
    for seed in range(int(episodes)):
        (observation, info), over = env.reset(seed=seed), False
        while not over:
            observation, _, terminated, truncated, info = env.step(policy(observation, info))
            over = terminated or truncated
        won[family[info["task_id"]]].append(info["outcome"] == "success")
        print(f"{info['task_id']}: {info['outcome']} {info['failure']}".rstrip())
    env.close()
    for name, wins in sorted(won.items()):
        print(f"{name:>12}: {sum(wins)} of {len(wins)}")
    return sum(map(sum, won.values())) / max(int(episodes), 1)


if __name__ == "__main__":
    print(f"success: {main(*sys.argv[1:3]):.0%}")
