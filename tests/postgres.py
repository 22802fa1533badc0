"""A PostgreSQL server of the tests' own: Debian's, in a temporary folder, on a socket in it."""

import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import URL

_SETTINGS = {
    "listen_addresses": "''",
    # Nothing here outlives the tests, so nothing waits for the disk.
    "fsync": "off",
    "full_page_writes": "off",
    "max_wal_size": "256MB",
    "autovacuum": "off",
    "max_connections": "60",
}
USER, PASSWORD = "postgres", "not-a-secret"


def programs() -> Path | None:
    """The newest PostgreSQL's ``initdb`` and ``postgres``, or None where there is none."""
    found = [*Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    newest = max(found, key=lambda file: float(file.parts[4]), default=shutil.which("initdb"))
    folder = None if newest is None else Path(newest).parent
    return folder if folder and (folder / "pg_ctl").exists() else None


@contextmanager
def server() -> Iterator["Server"]:
    """A server that ends with the block, and its data with it."""
    # Not in pytest's folder: that is its user's alone, the path of a socket must be short, and who
    # is root runs the server as somebody else.
    with TemporaryDirectory(prefix="pg") as folder:
        one = Server(Path(folder))
        one.start()
        try:
            yield one
        finally:
            one.stop()


class Server:
    """A server whose data and socket stand in ``folder``; only the socket is listened to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._data = folder / "data"
        self._bin = programs()
        self._numbers = count()

    def url(self, database: str, **changed: str) -> str:
        """The address of one of its databases, as ``DATABASE_URL`` takes it."""
        parts = {"username": USER, "password": PASSWORD} | changed
        url = URL.create("postgresql+asyncpg", database=database, **parts)
        query = {"host": str(self.folder)}
        return url.update_query_dict(query).render_as_string(hide_password=False)

    def start(self) -> None:
        if not self._data.exists():
            self._make()
        options = " ".join(f"-c {name}={value}" for name, value in _SETTINGS.items())
        options += f" -c unix_socket_directories={self.folder}"
        log = self.folder / "log"
        self._run("pg_ctl", "-D", self._data, "-w", "-l", log, "-o", options, "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", self._data, "-m", "immediate", "-w", "stop")

    @asynccontextmanager
    async def database(self, template: str = "template0") -> AsyncIterator[str]:
        """The address of a database that is made, a copy of another, and dropped afterwards."""
        name = f"test_{next(self._numbers)}"
        await self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield self.url(name)
        finally:
            await self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    async def execute(self, statement: str) -> None:
        """Runs one statement as the server's owner."""
        import asyncpg

        connection = await asyncpg.connect(
            host=str(self.folder), user=USER, password=PASSWORD, database="postgres"
        )
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    def _make(self) -> None:
        password = self.folder / "password"
        password.write_text(PASSWORD)
        for path in (self.folder, password):
            if os.getuid() == 0:
                shutil.chown(path, "postgres", "postgres")
        settings = ("-U", USER, "-A", "scram-sha-256", "--pwfile", password, "-E", "UTF8")
        self._run("initdb", "-D", self._data, "--no-sync", "--no-locale", *settings)

    def _run(self, program: str, *arguments: object, **environment: str) -> None:
        assert self._bin is not None
        # PostgreSQL refuses to be run by root.
        by: dict[str, Any] = {}
        if os.getuid() == 0:
            by = {"user": "postgres", "group": "postgres", "extra_groups": []}
        done = subprocess.run(
            [str(self._bin / program), *map(str, arguments)],
            **by,
            env=os.environ | {"LC_ALL": "C"} | environment,
            cwd="/",
            # Not through pipes: the server would hold them open.
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed: see {self.folder / 'log'}")


def missing() -> str | None:
    """Why there can be no server here, or None."""
    if find_spec("asyncpg") is None:
        return "asyncpg is not installed (the extra postgres)"
    return None if programs() else "PostgreSQL is not installed (apt-get install postgresql)"
