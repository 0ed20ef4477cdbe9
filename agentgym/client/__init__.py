"""The client of a language model: any endpoint that speaks OpenAI's chat completions.

Messages come in, an `Answer` goes out; the same question is answered from the cache, byte for
byte. In order: `records`, `reading`, `cache`, `wire`, `faults`, `asking`. Next: `schema`.
"""

from agentgym.client.asking import Client
from agentgym.client.cache import Cache, default_folder
from agentgym.client.reading import json_in
from agentgym.client.records import Answer, ToolCall, Usage

__all__ = ["Answer", "Cache", "Client", "ToolCall", "Usage", "default_folder", "json_in"]
