"""Samples of supervised fine-tuning for ADP data sets: what OpenHands' converter would print.

An ADP record comes in, one of `{id, conversations, system}` goes out. Upstream's own
converter needs its repository and a prompt that is not ours; this writes the same shape
with a system text of our own. Next: `adp`.
"""

from __future__ import annotations

import re

from agentgym.export.dataset.raw_to_standardized import Dict

__all__ = ["conversation"]

SYSTEM = (
    "You help a person by calling Python functions, one at a time, in a notebook cell. "
    "The functions are defined already; their documentation opens the conversation."
)

_SPEAKER = {"user": "human", "environment": "observation", "agent": "gpt"}


def conversation(standard: Dict, documentation: str) -> Dict:
    """Render an ADP record turn by turn, with the documentation of its tools in front.

    Args:
        standard: The record, as `raw_to_standardized` makes it.
        documentation: Source of the stubs in `api.py`.
    """
    spoken = [_message(item) for item in standard["content"]]
    spoken[0]["value"] = f"{documentation}\n\n{spoken[0]['value']}"
    return {"id": standard["id"], "conversations": spoken, "system": SYSTEM}


def _message(item: Dict) -> dict[str, str]:
    if item["class_"] == "text_observation":
        linked = "EXECUTION RESULT of [execute_ipython_cell]:\n" if "tool_call_id" in item else ""
        return {"from": _SPEAKER[item["source"]], "value": linked + item["content"]}
    if item["class_"] == "api_action":
        pairs = ", ".join(f"{name}={value}" for name, value in item["kwargs"].items())
        code = _function("execute_ipython_cell", code=f"{item['function']}({pairs})")
        thought = f"{item['description']}\n\n" if "description" in item else ""
        return {"from": "function_call", "value": thought + code}
    finish = re.fullmatch(r"<finish> (.*) </finish>", item["content"], re.DOTALL)
    if finish:
        call = _function("finish", message=finish[1], task_completed="true")
        return {"from": "function_call", "value": call}
    return {"from": "gpt", "value": item["content"]}


def _function(name: str, **parameters: str) -> str:
    inner = "".join(
        f"<parameter={key}>\n{value}\n</parameter>\n" for key, value in parameters.items()
    )
    return f"<function={name}>\n{inner}</function>"
