"""A PostgreSQL server of the tests' own: Debian's, in a temporary folder, on a socket in it."""

import os
import shutil
import subprocess
from collections import defaultdict
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

# Tables, columns, defaults, indexes, constraints, triggers, functions, which migrations there were,
# and whether the planner was told of rows.
_SHAPE = """
SELECT string_agg(line, E'\\n' ORDER BY line) FROM (
    SELECT concat_ws(' ', relname, relkind, attname, attnum, atttypid, atttypmod, attnotnull,
        attidentity, pg_get_expr(adbin, adrelid)) AS line
    FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT conrelid || conname || pg_get_constraintdef(oid) FROM pg_constraint
    UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT proname || prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT version_num FROM alembic_version
    UNION ALL SELECT tablename || attname FROM pg_stats WHERE schemaname = 'public'
) AS lines
"""
_FILLED = """
SELECT oid::regclass::text AS name, pg_relation_size(oid) AS bytes FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'alembic_version'
    AND pg_relation_size(oid) > 0
"""
_END_OTHERS = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_COUNT_ANEW = "SELECT setval(seqrelid, seqstart, false) FROM pg_sequence"
_LARGE = 10 * 8192
"""Bytes: a smaller table is planned for as one that is new, though rows were deleted from it."""


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
        self._shapes: dict[str, str] = {}
        self._emptied: defaultdict[str, list[str]] = defaultdict(list)

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
    async def database(self) -> AsyncIterator[str]:
        """The address of a database that is made without any table, and dropped afterwards."""
        name = await self._create("template0")
        try:
            yield self.url(name)
        finally:
            await self._drop(name)

    @asynccontextmanager
    async def copy(self, template: str) -> AsyncIterator[str]:
        """The address of a database with the tables of another, and nothing in them.

        To make one takes longer than most tests do. So one whose tables are as they were is emptied
        afterwards, and serves again; any other is dropped.
        """
        emptied = self._emptied[template]
        name = emptied.pop() if emptied else await self._create(template)
        if template not in self._shapes:
            async with self._connected(name) as connection:
                self._shapes[template] = await connection.fetchval(_SHAPE)
        try:
            yield self.url(name)
        finally:
            if await self._empty(name, self._shapes[template]):
                emptied.append(name)
            else:
                await self._drop(name)

    async def execute(self, statement: str) -> None:
        """Runs one statement as the server's owner."""
        async with self._connected("postgres") as connection:
            await connection.execute(statement)

    async def _create(self, template: str) -> str:
        name = f"test_{next(self._numbers)}"
        await self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    async def _drop(self, name: str) -> None:
        await self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    async def _empty(self, name: str, shape: str) -> bool:
        """Deletes every row of a database, unless more than rows has changed in it."""
        async with self._connected(name) as connection:
            await connection.execute(_END_OTHERS)
            if await connection.fetchval(_SHAPE) != shape:
                return False
            tables = await connection.fetch(_FILLED)
            if any(table["bytes"] > _LARGE for table in tables):
                return False
            deleting = (f"DELETE FROM {table['name']};" for table in tables)
            # A replica deletes in whatever order: foreign keys were checked elsewhere.
            await connection.execute(
                f"SET session_replication_role = replica; {''.join(deleting)} {_COUNT_ANEW}"
            )
        return True

    @asynccontextmanager
    async def _connected(self, database: str) -> AsyncIterator[Any]:
        import asyncpg

        connection = await asyncpg.connect(
            host=str(self.folder), user=USER, password=PASSWORD, database=database
        )
        try:
            yield connection
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
