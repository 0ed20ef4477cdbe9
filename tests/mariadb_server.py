"""A real MariaDB server on loopback, for the tests and for `make mariadb`.

`running` starts one with a database of its own and takes it away again. Where no server is
installed it comes from Debian's packages; where that cannot be, the error says what to do.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import sqlalchemy as sa

USER = "mysql"
PASSWORD = "pa55@word"


@contextmanager
def running(script: str = "") -> Iterator[str]:
    """Start a server with a database made by a script; yield the URL of a reader of it."""
    program = _program()
    with tempfile.TemporaryDirectory(prefix="agentgym-mariadb-") as text:
        folder = Path(text)
        user = []
        if os.geteuid() == 0:
            folder.chmod(0o755)
            os.chown(folder, pwd.getpwnam(USER).pw_uid, -1)
            user = [f"--user={USER}"]
        data = [f"--datadir={folder / 'data'}", *user]
        kind = ["--auth-root-authentication-method=normal", "--skip-test-db"]
        installer = shutil.which("mariadb-install-db") or "mariadb-install-db"
        subprocess.run(
            [installer, "--no-defaults", *data, *kind], check=True, stdout=subprocess.DEVNULL
        )
        port = _port()
        files = [f"--socket={folder / 'socket'}", f"--pid-file={folder / 'pid'}"]
        where = [f"--port={port}", "--bind-address=127.0.0.1"]
        with (folder / "log").open("w") as log:
            server = subprocess.Popen(
                [program, "--no-defaults", *data, *where, *files], stdout=log, stderr=log
            )
        try:
            _prepare(f"mysql+pymysql://root@127.0.0.1:{port}", script)
            yield f"mysql://reader:pa55%40word@127.0.0.1:{port}/shop"
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(30)


def _prepare(root: str, script: str) -> None:
    """Wait for the server; make the database and its reader."""
    engine = sa.create_engine(root, poolclass=sa.NullPool)
    for attempt in range(120):
        try:
            with engine.connect():
                break
        except sa.exc.OperationalError:
            if attempt == 119:
                raise
            time.sleep(0.25)
    statements = [
        "CREATE DATABASE shop CHARACTER SET utf8mb4",
        "USE shop",
        *(part for part in script.split(";") if part.strip()),
        f"CREATE USER reader@'%' IDENTIFIED BY '{PASSWORD}'",
        "GRANT SELECT ON shop.* TO reader@'%'",
    ]
    with engine.connect() as link:
        for statement in statements:
            link.exec_driver_sql(statement.replace("%", "%%"))
        link.commit()


def _program() -> str:
    """Return the server's program; install it where there is none.

    Raises:
        RuntimeError: There is none, and it cannot be installed from here.
    """
    if (found := shutil.which("mariadbd")) is not None:
        return found
    if os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for command in (
            ["update"],
            ["install", "--yes", "--no-install-recommends", "mariadb-server"],
        ):
            subprocess.run(["apt-get", "-qq", *command], env=quiet, check=True)
        if (found := shutil.which("mariadbd")) is not None:
            return found
    raise RuntimeError(
        "expected a MariaDB server on this machine, found none; install it "
        "(`apt-get install mariadb-server` as root, or your system's own way) and run this again"
    )


def _port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM):  # the former is ignored in the background
        signal.signal(number, signal.default_int_handler)
    with running() as url:
        print(url, flush=True)
        print("Ctrl-C stops it", file=sys.stderr)
        with suppress(KeyboardInterrupt):
            signal.pause()
