"""The operations of an OpenAPI description, of version 2 or 3.

A decoded document comes in, `Operation`s go out, with all references resolved. Next: `listed`,
which does the same for lists of tools.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

import msgspec

from agentgym.formats import Json
from agentgym.sources.openapi.controls import is_control
from agentgym.sources.openapi.envelope import contents, opened
from agentgym.sources.openapi.intent import Intent, intent
from agentgym.sources.openapi.names import parts, snake
from agentgym.sources.openapi.prose import prose, sentence
from agentgym.sources.openapi.refs import References
from agentgym.sources.openapi.shapes import DEPTH, Shapes
from agentgym.tools.derive.naming import short
from agentgym.tools.pool.operation import Operation, Operations, Parameter, Shape

__all__ = ["LONGEST_TEXT", "common_prefix", "read_document", "unique_name"]

METHODS = ("get", "post", "put", "patch", "delete")
LONGEST_TEXT = 480
"""Characters in the description of an operation."""
_OTHER = ("head", "options", "trace")
_MOST_TAKEN = 80
_PROTOCOL = frozenset(
    "api_key apikey access_token oauth_token auth_token authorization token_key alt pretty_print "
    "prettyprint quota_user user_ip callback xgafv upload_type upload_protocol api_version app_key "
    "app_id appid client_secret signature x_api_key subscription_key pretty jsonp format "
    "dry_run field_manager field_validation validate_only request_id idempotency_key "
    "aws_access_key_id signature_version signature_method".split()
)
"""Parameters that speak of the call and not of what it is about."""


def read_document(
    document: Mapping[str, Json], *, path: Path | None, name: str, sha256: str
) -> Operations:
    """Read the operations of a description.

    Args:
        document: Decoded; `kind.is_api` holds.
        path: Its file, for references to files beside it.
        name: What to call it where it does not say.
        sha256: Of the text.
    """
    skipped: Counter[str] = Counter()
    return _Reader(document, path, skipped).read(name, sha256)


_CREDENTIAL = re.compile(
    r"\bapi[ _-]?(?:key|token)|access token|authenticat|license key|your (?:key|token)",
    re.IGNORECASE,
)


_MANY, _NEARLY = 8, 0.8
"""Calls at least, and share of all, that take what is said of every call."""


class _Reader:
    def __init__(
        self, document: Mapping[str, Json], path: Path | None, skipped: Counter[str]
    ) -> None:
        self.document = document
        self.skipped = skipped
        self.references = References(document, path, skipped)
        self.shapes = Shapes(self.references, skipped)
        self.old = "swagger" in document

    def read(self, name: str, sha256: str) -> Operations:
        info = _mapping(self.document.get("info"))
        title = prose(info.get("title"), 80)
        found = list(self._found())
        names = [str(one.get("operationId") or "") for _, _, one, _ in found]
        prefix = common_prefix([one for one in names if one])
        api = _api(info, title or name)
        taken: set[str] = set()
        seen: set[tuple[str, str]] = set()
        operations = []
        for (path, method, one, shared), given in zip(found, names, strict=True):
            mark = (given.removeprefix("GET_").removeprefix("POST_"), path.partition("#")[2])
            if mark[1] and mark in seen:
                self.skipped["operation that is there under two methods"] += 1
                continue
            seen.add(mark)
            meant = intent(given, method, path, prefix=prefix)
            operations.append(self._operation(path, method, one, shared, meant, api, taken))
        operations = self._without_common(operations)
        for noun in ("webhooks", "x-webhooks"):
            count = len(_mapping(self.document.get(noun)))
            self.skipped["webhook"] += count
        version = str(self.document.get("swagger") or self.document.get("openapi"))
        return Operations(
            api=api,
            title=title,
            description=prose(info.get("description"), LONGEST_TEXT),
            kind="openapi",
            dialect=f"{'Swagger' if self.old else 'OpenAPI'} {version[:12]}",
            sha256=sha256,
            operations=tuple(operations),
            skipped={what: n for what, n in sorted(self.skipped.items()) if n},
        )

    def _without_common(self, operations: list[Operation]) -> list[Operation]:
        """Leave out what nearly every call takes beside its path: who calls, which version."""
        counts = Counter(
            one.name for each in operations for one in each.takes if one.place == "query"
        )
        common = {
            name
            for name, count in counts.items()
            if count >= _MANY and count >= _NEARLY * len(operations) and not is_control(name)
        }
        if not common:
            return operations
        self.skipped["parameter of all calls"] += sum(counts[name] for name in common)
        return [
            msgspec.structs.replace(
                each,
                takes=tuple(
                    one for one in each.takes if one.place != "query" or one.name not in common
                ),
            )
            for each in operations
        ]

    def _found(self) -> Iterator[tuple[str, str, Mapping[str, Json], list[Json]]]:
        """Yield path, method, operation and the parameters that a path's operations share."""
        for path, item in _mapping(self.document.get("paths")).items():
            target, _ = self.references.follow(item)
            if not isinstance(target, dict):
                if not str(path).startswith("x-"):
                    self.skipped["path without operations"] += 1
                continue
            shared = target.get("parameters")
            for method in METHODS:
                one = target.get(method)
                if isinstance(one, dict):
                    yield str(path), method, one, shared if isinstance(shared, list) else []
            for method in _OTHER:
                self.skipped["operation of another method"] += method in target

    def _operation(
        self,
        path: str,
        method: str,
        one: Mapping[str, Json],
        shared: list[Json],
        meant: Intent,
        api: str,
        taken: set[str],
    ) -> Operation:
        self.skipped["callback"] += len(_mapping(one.get("callbacks")))
        gives, many = contents(self._answer(one), meant.noun)
        source = str(one.get("operationId") or "")
        own = one.get("parameters")
        takes = self._takes([*shared, *(own if isinstance(own, list) else [])], one, meant, path)
        return Operation(
            api=api,
            name=unique_name(source or _called(method, path), taken),
            source=source[:200],
            description=_described(one),
            method=method,
            path=path[:400],
            resource=meant.noun,
            writes=method != "get" and meant.verb not in ("get", "list", "count"),
            takes=takes,
            gives=gives,
            many=many,
        )

    def _answer(self, one: Mapping[str, Json]) -> Shape | None:
        """Return the shape of the answer of an operation that went well."""
        responses = _mapping(one.get("responses"))
        codes = [str(code) for code in responses]
        good = sorted(code for code in codes if code[:1] == "2")
        for code in (*good, *(c for c in codes if c == "default")):
            target, _ = self.references.follow(responses.get(code))
            target = _mapping(target)
            schema = target.get("schema") if self.old else None
            schema = schema or self._content(target.get("content"))
            if schema is None:
                continue
            shape = self.shapes.read(schema)
            if shape.type in ("object", "array") and (shape.fields or shape.items):
                return shape
        return None

    def _content(self, content: Json) -> Json:
        """Return the schema of the best of several media types."""
        listed = {str(kind): one for kind, one in _mapping(content).items()}
        ranked = sorted(listed, key=lambda kind: ("json" not in kind, "form" not in kind))
        for kind in ranked:
            target, _ = self.references.follow(listed[kind])
            schema = _mapping(target).get("schema")
            if isinstance(schema, dict):
                return schema
        return None

    def _takes(
        self, listed: list[Json], one: Mapping[str, Json], meant: Intent, path: str
    ) -> tuple[Parameter, ...]:
        found: dict[tuple[str, str], Parameter] = {}
        body: Shape | None = None
        for each in listed:
            target, _ = self.references.follow(each)
            target = _mapping(target)
            name, place = str(target.get("name") or "").strip(), target.get("in")
            if place == "body":
                body = self.shapes.read(target.get("schema"))
            elif place in ("header", "cookie"):
                self.skipped[f"{place} parameter"] += 1
            elif not name or place not in ("path", "query", "formData"):
                self.skipped["parameter without name or place"] += 1
            elif place != "path" and _is_protocol(name, target.get("description")):
                self.skipped["parameter of the protocol"] += 1
            else:
                where: Literal["path", "query", "body"] = (
                    "body" if place == "formData" else "path" if place == "path" else "query"
                )
                found[where, name] = Parameter(
                    name=name[:120],
                    place=where,
                    required=target.get("required") is True or where == "path",
                    shape=self._parameter(target, name),
                )
        request, _ = self.references.follow(one.get("requestBody"))
        if isinstance(request, dict):
            body = self.shapes.read(self._content(request.get("content")))
        for named in _missing(path, found):
            found["path", named] = Parameter(
                name=named, place="path", required=True, shape=Shape(name=named, type="string")
            )
        for each in self._sent(body, meant.noun):
            if _is_protocol(each.name, each.description):
                self.skipped["parameter of the protocol"] += 1
            else:
                found.setdefault(
                    ("body", each.name),
                    Parameter(name=each.name, place="body", required=each.required, shape=each),
                )
        if len(found) > _MOST_TAKEN:
            self.skipped["parameter of a very long list"] += len(found) - _MOST_TAKEN
        return tuple(found.values())[:_MOST_TAKEN]

    def _parameter(self, target: Mapping[str, Json], name: str) -> Shape:
        schema = target.get("schema")
        if schema is None:
            schema = self._content(target.get("content"))
        shape = self.shapes.read(target if schema is None else schema, DEPTH - 2)
        text = prose(target.get("description"), 240) or shape.description
        return msgspec.structs.replace(shape, name=name[:120], description=text, required=False)

    def _sent(self, body: Shape | None, noun: str) -> Iterator[Shape]:
        """Yield what a request body holds, out of what it is wrapped in."""
        if body is None:
            return
        if body.type == "array":
            yield msgspec.structs.replace(body, name="body", required=True)
            return
        fields = body.fields
        for _ in range(2):
            inner = fields[0] if len(fields) == 1 else None
            wrapped = inner is not None and len(inner.fields) >= 1 and inner.type == "object"
            if inner is None or not wrapped:
                break
            said = "_".join(parts(inner.name))
            if said != noun and said not in ("data", "body", "input", "payload", "request", "item"):
                break
            body, fields = inner, inner.fields
        for each in opened(body).fields:
            if each.read_only:
                continue
            if each.format in ("binary", "file"):
                self.skipped["file that is sent"] += 1
            else:
                yield each


def _is_protocol(name: str, description: Json) -> bool:
    """Tell whether a parameter speaks of the call: who calls, in which format, with what key."""
    said = snake(name)
    if said in _PROTOCOL:
        return True
    told = description if isinstance(description, str) else ""
    return said in ("key", "token", "auth", "id") and _CREDENTIAL.search(told[:300]) is not None


def _missing(path: str, found: Mapping[tuple[str, str], Parameter]) -> Iterator[str]:
    """Yield the parameters in braces of a path that nothing declares."""
    for piece in path.partition("#")[0].split("{")[1:]:
        name = piece.partition("}")[0].strip("+*")
        if name and ("path", name) not in found and len(name) <= 120:
            yield name


def _described(one: Mapping[str, Json]) -> str:
    """Return the summary, then what the description says more."""
    short_, long = prose(one.get("summary"), 200), prose(one.get("description"), LONGEST_TEXT)
    said = sentence(short_)
    if not short_ or long.lower().startswith(short_.lower().rstrip(".")):
        return sentence(long) or said
    return f"{said} {sentence(long)}".strip() if len(said) + len(long) <= LONGEST_TEXT else said


def _called(method: str, path: str) -> str:
    """Name an operation after its method and path: `get_owners_by_id_pets`."""
    words = [method]
    for segment in path.replace("#", "/").split("/"):
        inner = segment.replace("{", " by ").replace("}", " ")
        words += [word for word in parts(inner) if word not in ("api", "rest")]
    return "_".join(words)


def unique_name(source: str, taken: set[str]) -> str:
    """Make an identifier of a name, unlike all that are taken; it is taken then too."""
    name = short(snake(source) or "operation", longest=60)
    found, number = name, 2
    while found in taken:
        found, number = f"{name}_{number}", number + 1
    taken.add(found)
    return found


def common_prefix(names: list[str]) -> tuple[str, ...]:
    """Return the words with which nearly all names begin, and that say nothing by that."""
    if len(names) < 3:
        return ()
    first = Counter(words[0] for name in names if len(words := parts(name)) > 2)
    if not first:
        return ()
    word, count = first.most_common(1)[0]
    return (word,) if count >= 0.8 * len(names) and not _is_common_verb(word) else ()


def _is_common_verb(word: str) -> bool:
    return word in ("get", "list", "create", "update", "delete", "post", "put", "search", "find")


def _api(info: Mapping[str, Json], name: str) -> str:
    provider, service = info.get("x-providerName"), info.get("x-serviceName")
    if isinstance(provider, str) and provider:
        return f"{provider}:{service}"[:120] if isinstance(service, str) and service else provider
    return name[:120]


def _mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}
