"""Which communities of a pool become domains first, and which never."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from agentgym.build.fleet.pooled import make_pool


def api(things: tuple[str, ...], *, told: bool, writes: bool) -> dict[str, Any]:
    """Describe an API of things, each of which belongs to the one before it."""
    paths: dict[str, Any] = {}
    for number, thing in enumerate(things):
        above = {f"{things[number - 1]}_id": {"type": "integer"}} if number else {}
        schema = {
            "type": "object",
            "required": ["id", "name"],
            "properties": {
                "id": {"type": "integer"}, "name": {"type": "string"},
                "city": {"type": "string"}, "price": {"type": "number"}, **above,
            },
        }  # fmt: skip
        good = {"200": {"content": {"application/json": {"schema": schema}}}} if told else {}
        many = {"type": "array", "items": schema}
        listed = {"200": {"content": {"application/json": {"schema": many}}}} if told else {}
        key = {"name": f"{thing}_id", "in": "path", "required": True,
               "schema": {"type": "integer"}}  # fmt: skip
        asked = [{"name": n, "in": "query", "schema": {"type": "string"}} for n in ("name", "city")]
        item = {"get": {"operationId": f"get_{thing}", "parameters": [key], "responses": good}}
        group: dict[str, Any] = {
            "get": {"operationId": f"list_{thing}s", "parameters": asked, "responses": listed}
        }
        if writes:
            body = {"content": {"application/json": {"schema": schema}}}
            group["post"] = {
                "operationId": f"add_{thing}", "requestBody": body, "responses": good,
            }  # fmt: skip
        paths |= {f"/{thing}s": group, f"/{thing}s/{{{thing}_id}}": item}
    return {"openapi": "3.0.0", "info": {"title": "T"}, "paths": paths}


def test_worlds_come_first(tmp_path: Path) -> None:
    """Three things that answers tell and that can be written come before one that is only asked.

    What was told least comes last, whatever its provider is called.
    """
    specs = tmp_path / "specs"
    specs.mkdir()
    for name, document in {
        "a": api(("lamp",), told=False, writes=False),
        "b": api(("boat",), told=True, writes=False),
        "c": api(("farm", "field", "crop"), told=True, writes=True),
    }.items():
        document["info"]["x-providerName"] = f"{name}.com"
        (specs / f"{name}.json").write_text(json.dumps(document))

    make_pool(specs, tmp_path / "out", count=1, tasks=4, seed=0, workers=1)
    made = [path.name for path in (tmp_path / "out").iterdir() if (path / "domain.json").is_file()]

    assert len(made) == 1
    assert made[0].startswith("c_com_")
