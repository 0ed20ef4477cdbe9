"""An OpenAI-compatible server on loopback that answers what a test tells it to.

`Scripted` takes one step a request: a text, a JSON value, a status, or a function of the
request. The last step is repeated.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["Reply", "Scripted", "serving"]


class Reply:
    """One response.

    Args:
        text: Content of the message; None for none.
        status: HTTP status.
        body: The whole body, where it is no chat completion.
        message: More parts of the message: `tool_calls`, `refusal`.
        finish: Why the model stopped.
        wait: Seconds before anything is sent.
        headers: More headers.
    """

    def __init__(
        self,
        text: Any = "",
        *,
        status: int = 200,
        body: bytes | None = None,
        message: dict[str, Any] | None = None,
        finish: str = "stop",
        wait: float = 0,
        headers: dict[str, str] | None = None,
    ) -> None:
        self.status, self.wait, self.headers = status, wait, headers or {}
        if body is None and status != 200:
            body = json.dumps({"error": {"message": text or f"no, {status}"}}).encode()
        content = text if isinstance(text, str) or text is None else json.dumps(text)
        choice = {
            "index": 0,
            "finish_reason": finish,
            "message": {"role": "assistant", "content": content, **(message or {})},
        }
        whole = {
            "id": "x",
            "object": "chat.completion",
            "created": 1,
            "model": "m",
            "choices": [choice],
            "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
        }
        self.body = json.dumps(whole).encode() if body is None else body


Step = Reply | str | int | dict[str, Any] | list[Any] | Callable[[dict[str, Any]], Any]


class Scripted:
    """What the server answers, and what it was asked."""

    def __init__(self, *steps: Step) -> None:
        self.steps = list(steps) or [Reply("hello")]
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.url = ""
        self._lock = threading.Lock()

    def reply(self, request: dict[str, Any], headers: dict[str, str]) -> Reply:
        """Take the next step."""
        with self._lock:
            step = self.steps[min(len(self.asked), len(self.steps) - 1)]
            self.asked.append(request)
            self.headers.append(headers)
        found = step(request) if callable(step) else step
        if isinstance(found, Reply):
            return found
        return Reply(status=found) if isinstance(found, int) else Reply(found)

    @property
    def modes(self) -> list[str]:
        """How each answer was asked for."""
        return [one.get("response_format", {}).get("type", "text") for one in self.asked]


@contextmanager
def serving(*steps: Step) -> Iterator[Scripted]:
    """Start a server with a script; yield the script with its `url`."""
    script = Scripted(*steps)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            size = int(self.headers.get("content-length", 0))
            request = json.loads(self.rfile.read(size))
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.answer(script.reply(request, headers))

        def do_GET(self) -> None:
            listed = {"object": "list", "data": [{"id": "small-model", "object": "model"}]}
            self.answer(Reply(body=json.dumps(listed).encode()))

        def answer(self, reply: Reply) -> None:
            time.sleep(reply.wait)
            try:
                self.send_response(reply.status)
                self.send_header("content-type", "application/json")
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)
            except (BrokenPipeError, ConnectionResetError):
                pass

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    script.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


if __name__ == "__main__":
    # For the docs: answer every question with the outline in a file, and say where.
    with open(sys.argv[1]) as stream:  # noqa: PTH123
        outline = stream.read()
    with serving(outline) as running:
        print(running.url, flush=True)
        threading.Event().wait()
