"""`make matrix`: what must hold under every Gymnasium, run under each that we promise.

An interpreter of its own is made for each, in `build/matrix`, when it is not there yet: it has
that Gymnasium and its parts from the index, and sees everything else that the one which runs this
has. With no argument: the oldest that `pyproject.toml` allows, and the newest of the index.
"""

from __future__ import annotations

import fcntl
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / "build" / "matrix"
PORTABLE = Path(__file__).resolve().parent / "portable_env.py"


def oldest() -> str:
    """Return the oldest Gymnasium that we say we work with."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    found = re.search(r"gymnasium>=([\d.]+)", " ".join(project["dependencies"]))
    assert found is not None
    parts = found[1].split(".")
    return ".".join([*parts, "0", "0"][:3])


def interpreter(version: str) -> Path:
    """Make the interpreter of a version, unless it is there; needs the index then.

    Args:
        version: Of Gymnasium; `newest` is looked up each time.
    """
    folder = PLACE / f"gymnasium-{version}"
    python, ready = folder / "bin" / "python", folder / ".ready"
    PLACE.mkdir(parents=True, exist_ok=True)
    with (PLACE / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists() or version == "newest":
            wanted = "gymnasium" if version == "newest" else f"gymnasium=={version}"
            subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
            # What is installed into the folder itself comes first on the path.
            ours = sysconfig.get_path("purelib")
            target = folder / "lib" / f"python3.{sys.version_info[1]}" / "site-packages"
            (target / "everything_else.pth").write_text(f"import site; site.addsitedir({ours!r})\n")
            pip = [sys.executable, "-m", "pip", "install", "--quiet", "--upgrade", "--no-deps"]
            subprocess.run([*pip, "--target", target, wanted], check=True)
            ready.touch()
    return python


def run(version: str) -> int:
    """Run the checks under a version; return the exit code."""
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run([interpreter(version), PORTABLE], env=env, check=False).returncode


def main(versions: Sequence[str]) -> int:
    """Run the checks under each version; return 1 where one of them fails."""
    codes = [run(version) for version in versions or (oldest(), "newest")]
    return int(any(codes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
