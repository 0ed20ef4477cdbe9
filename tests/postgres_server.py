"""A real PostgreSQL server on loopback, for the tests and for `make postgres`.

`lease` starts it where it does not run and gives its URL; the last `release` stops it, unless a
person asked for it with `make postgres`. Data and log lie under build/postgres. Where no server
is installed it comes from Debian's packages; where that cannot be, the error says what to do.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PORT = "AGENTGYM_POSTGRES_PORT"
"""Variable that holds the port; 55432 or another free one where it is not set."""
OPTIONS = (
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=''",
    "max_connections=200",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
)
USER = "postgres"


def lease() -> str:
    """Start the server where it does not run, and note that this process needs it."""
    with _locked() as folder:
        url = _start(folder)
        (folder / "users").mkdir(exist_ok=True)
        (folder / "users" / str(os.getpid())).touch()
    return url


def release() -> None:
    """Note that this process needs the server no more; stop it where nobody does."""
    with _locked() as folder:
        (folder / "users" / str(os.getpid())).unlink(missing_ok=True)
        for user in (folder / "users").iterdir():
            if not _alive(int(user.name)):
                user.unlink()
        if not any((folder / "users").iterdir()) and not (folder / "keep").exists():
            _stop(folder)


def start() -> str:
    """Start the server where it does not run, and leave it running."""
    with _locked() as folder:
        url = _start(folder)
        (folder / "keep").touch()
    return url


def stop() -> None:
    """Stop the server, whoever uses it."""
    with _locked() as folder:
        (folder / "keep").unlink(missing_ok=True)
        _stop(folder)


@contextmanager
def alone(password: str) -> Iterator[tuple[str, int]]:
    """Run a server of its own, which checks passwords and may be killed.

    Args:
        password: Of its only user.

    Yields:
        Its URL without the password, and the number of its first process.
    """
    with tempfile.TemporaryDirectory(prefix="agentgym-postgres-") as text:
        folder = Path(text)
        folder.chmod(0o755)
        data, secret = folder / "data", folder / "secret"
        data.mkdir(mode=0o700)
        secret.write_text(password)
        if os.geteuid() == 0:
            shutil.chown(data, USER)
            shutil.chown(secret, USER)
        programs = _programs()
        make: list[str | Path] = [programs / "initdb", "-D", data, "-U", USER, "--no-sync"]
        checked = ("-A", "scram-sha-256", f"--pwfile={secret}", "--encoding=UTF8", "--locale=C")
        _run(folder, [*make, *checked])
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        options = " ".join([f"-p {port}", *(f"-c {one}" for one in OPTIONS)])
        control: list[str | Path] = [programs / "pg_ctl", "-D", data, "-w"]
        _run(folder, [*control, "-l", data / "server.log", "-o", options, "start"])
        try:
            number = int((data / "postmaster.pid").read_text().split()[0])
            yield f"postgresql://{USER}@127.0.0.1:{port}/postgres", number
        finally:
            _run(folder, [*control, "-m", "immediate", "stop"], check=False)


@contextmanager
def _locked() -> Iterator[Path]:
    folder = _folder()
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def _folder() -> Path:
    """Return the folder of the server; elsewhere where its user could not reach it."""
    folder = ROOT / "build" / "postgres"
    folder.mkdir(parents=True, exist_ok=True)
    blocked = any(not one.stat().st_mode & 0o001 for one in (folder, *folder.parents))
    if os.geteuid() == 0 and blocked:
        mark = hashlib.blake2b(str(folder).encode(), digest_size=6).hexdigest()
        folder = Path(tempfile.gettempdir()) / f"agentgym-postgres-{mark}"
        folder.mkdir(mode=0o755, exist_ok=True)
    return folder


def _start(folder: Path) -> str:
    data, url = folder / "data", folder / "url"
    programs = _programs()
    if url.exists() and _run(folder, [programs / "pg_ctl", "-D", data, "status"], check=False):
        return url.read_text().strip()
    version = data / "PG_VERSION"
    if data.exists() and not (version.exists() and version.read_text().strip() in str(programs)):
        shutil.rmtree(data)
    if not data.exists():
        data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            shutil.chown(data, USER)
        kind = ("-U", USER, "-A", "trust", "--no-sync", "--encoding=UTF8", "--locale=C")
        _run(folder, [programs / "initdb", "-D", data, *kind])
    port = _port()
    log = data / "server.log"
    options = " ".join([f"-p {port}", *(f"-c {one}" for one in OPTIONS)])
    _run(folder, [programs / "pg_ctl", "-D", data, "-w", "-l", log, "-o", options, "start"])
    url.write_text(f"postgresql://{USER}@127.0.0.1:{port}/postgres\n")
    return url.read_text().strip()


def _stop(folder: Path) -> None:
    (folder / "url").unlink(missing_ok=True)
    if (folder / "data" / "postmaster.pid").exists():
        _run(folder, [_programs() / "pg_ctl", "-D", folder / "data", "-m", "fast", "-w", "stop"])


def _run(folder: Path, command: Sequence[str | Path], *, check: bool = True) -> bool:
    """Run a program of the server as a user that it accepts: it refuses to run as root."""
    if os.geteuid() == 0:
        command = ["runuser", "-u", USER, "--", *command]
    with (folder / "output").open("w+") as output:
        result = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/", check=False
        )
        output.seek(0)
        if check and result.returncode:
            raise RuntimeError(f"{' '.join(map(str, command))} failed:\n{output.read()}")
    return result.returncode == 0


def _programs() -> Path:
    """Return the folder of the server's programs; install them where there are none.

    Raises:
        RuntimeError: There are none, and they cannot be installed from here.
    """
    if (found := _installed()) is not None:
        return found
    if os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update"], ["install", "--yes", "--no-install-recommends", "postgresql"]):
            subprocess.run(["apt-get", "-qq", *command], env=quiet, check=True)
        if (found := _installed()) is not None:
            return found
    raise RuntimeError(
        "expected a PostgreSQL server on this machine, found none; install it "
        "(`apt-get install postgresql` as root, or your system's own way) and run this again"
    )


def _installed() -> Path | None:
    known = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if known:
        return max(known, key=lambda path: int(path.parent.name))
    program = shutil.which("initdb")
    return None if program is None else Path(program).resolve().parent


def _port() -> int:
    given = os.environ.get(PORT)
    if given:
        return int(given)
    for wanted in (55432, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", wanted))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise RuntimeError("no port of 127.0.0.1 is free")


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


if __name__ == "__main__":
    if sys.argv[1:] == ["start"]:
        print(start())
    elif sys.argv[1:] == ["stop"]:
        stop()
    else:
        raise SystemExit("usage: postgres_server.py start|stop")
