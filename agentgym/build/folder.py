"""The files of a domain folder, rendered from a domain and its tasks.

`build` and `seal` write them, `check` renders them again and compares. Next: `check`.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from agentgym import rules as rule_room
from agentgym.build.golden import golden
from agentgym.domain import Domain, Manifest
from agentgym.formats import encode, encode_lines, fingerprint
from agentgym.tasks import Task
from agentgym.version import VERSION

__all__ = ["FILES", "files", "policy"]

FILES = ("domain.json", "rows.jsonl", "policy.md", "tasks.jsonl", "golden.trace")
"""The files of a domain folder, in the order in which a person reads them; then the manifest."""


def files(domain: Domain, tasks: Sequence[Task]) -> dict[str, bytes]:
    """Render every file of the folder, the manifest last."""
    content = {
        "domain.json": domain.to_json(),
        "rows.jsonl": domain.rows_to_lines(),
        "policy.md": policy(domain),
        "tasks.jsonl": encode_lines(tasks),
        "golden.trace": golden(domain, tasks),
    }
    manifest = Manifest(
        name=domain.name,
        generator_version=VERSION,
        world=domain.world_hash,
        files={name: fingerprint(one) for name, one in content.items()},
    )
    return content | {"manifest.json": msgspec.json.format(encode(manifest), indent=1) + b"\n"}


def policy(domain: Domain) -> bytes:
    """Render the rules as a document for people."""
    return rule_room.policy_text(
        domain.title, domain.schema, domain.rules, domain.tools, domain.effects
    ).encode()
