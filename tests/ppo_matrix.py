"""An interpreter with stable-baselines3, for `make matrix` and the test that PPO trains.

It has torch and stable-baselines3 from the index in `build/matrix/ppo`, a gigabyte that nobody
else needs, and sees everything else that the interpreter has which runs this.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / "build" / "matrix"
PACKAGES = ("torch==2.13.0", "stable-baselines3>=2.7")
SCRIPT = ROOT / "tests" / "discrete" / "ppo.py"


def interpreter() -> Path:
    """Make the interpreter, unless it is there; needs the index then."""
    folder = PLACE / "ppo"
    python, ready = folder / "bin" / "python", folder / ".ready"
    PLACE.mkdir(parents=True, exist_ok=True)
    with (PLACE / ".lock-ppo").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists():
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
            pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            subprocess.run([python, *pip, *PACKAGES], check=True)
            ours = sysconfig.get_path("purelib")
            target = folder / "lib" / f"python3.{sys.version_info[1]}" / "site-packages"
            (target / "everything_else.pth").write_text(f"import site; site.addsitedir({ours!r})\n")
            ready.touch()
    return python


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the training; return what it printed and its exit code."""
    env = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [interpreter(), SCRIPT, *arguments], env=env, check=False, capture_output=True, text=True
    )


if __name__ == "__main__":
    result = run(*sys.argv[1:])
    print(result.stdout + result.stderr)
    sys.exit(result.returncode)
