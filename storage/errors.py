"""What a failure of the database is raised as, with a sentence for people."""

_UNREACHABLE = "The database server cannot be reached: check DATABASE_URL, and that it is running."
_NO_RIGHTS = "The user in DATABASE_URL may not do this: give it rights on its database."
_FULL = "The disk that holds the database is full: free some space and try again."
_READ_ONLY = "The database cannot be written to: check the rights on its file and folder."
_LOCKED = "The database is busy with another program: try again in a moment."
_READ_ONLY_SERVER = "The database cannot be written to: its server is read-only at present."
_NO_MEMORY = "The database server has no memory left: try again in a moment."
_NO_CONNECTIONS = (
    "The database server has no connections left: raise its max_connections, or the limit of the "
    "user in DATABASE_URL."
)
_TOO_LONG = (
    "The database server cancelled what took too long: raise statement_timeout for the user in "
    "DATABASE_URL."
)
_DELETED = "What this belongs to has been deleted in the meantime."
BUSY = "The database is busy with other work: try again in a moment."
UNOPENABLE = "The database cannot be opened: check the path in DATABASE_URL."
NEWER = "The database was made by a newer version of tag4pic: update tag4pic."

_POOLED = (
    "The database is behind a pooler that shares connections between transactions: use session "
    "pooling, or the server's own address."
)

_BY_STATE = {
    "28": "The database server refuses the user or the password in DATABASE_URL.",
    "3D000": "The database server has no database of that name: check DATABASE_URL.",
    "42501": _NO_RIGHTS,
    "22": "A value does not fit the database: the debug log says which.",
    "22P05": "The database's encoding is not UTF8: create it with ENCODING 'UTF8'.",
    "26": _POOLED,
    "42P05": _POOLED,
    "25006": _READ_ONLY_SERVER,
    "23503": _DELETED,
    "53100": _FULL,
    "53200": _NO_MEMORY,
    "53300": _NO_CONNECTIONS,
    "40": BUSY,
    "55P03": _LOCKED,
    "57014": _TOO_LONG,
    "57P": _UNREACHABLE,
    "08": _UNREACHABLE,
}
"""By the beginning of PostgreSQL's SQLSTATE; the longest match counts."""

_BY_WORDS = {
    _FULL: ("disk is full", "no space left", "disk quota"),
    _READ_ONLY: ("readonly", "read-only"),
    "The database cannot be written to: check the rights on its folder.": ("permission denied",),
    _LOCKED: ("locked",),
    UNOPENABLE: ("unable to open",),
    "The file that DATABASE_URL names is not a tag4pic database.": ("not a database",),
    "The database file is damaged: restore it from a backup.": ("malformed",),
    "The disk failed while the database was read or written: check it.": ("disk i/o",),
    _DELETED: ("foreign key",),
    # asyncpg's words for a connection that the server has closed, which have no state.
    _UNREACHABLE: ("connection is closed", "connection was closed", "connection was lost"),
}
"""By sentence, words in the messages of drivers that give no state."""


_PASSING = frozenset({_UNREACHABLE, _READ_ONLY_SERVER, _NO_MEMORY, _NO_CONNECTIONS, _LOCKED, BUSY})


class StorageError(Exception):
    """The database failed; nothing of that session was saved.

    ``str(error)`` is a sentence for people, without a path or SQL. The driver's own words are in
    ``__cause__``, for the debug log.
    """

    @property
    def passes(self) -> bool:
        """Whether the database is away or busy for a while, so that the same may succeed later."""
        return str(self) in _PASSING


def explain(error: BaseException) -> StorageError:
    """The ``StorageError`` to raise from ``error`` (a driver's, SQLAlchemy's or the system's)."""
    # Imported late, so that the block list can be read without SQLAlchemy.
    from sqlalchemy.exc import TimeoutError as PoolTimeoutError

    if isinstance(error, PoolTimeoutError):
        return StorageError(BUSY)
    cause = getattr(error, "orig", None) or error
    state = getattr(cause, "sqlstate", None) or ""
    for length in range(len(state), 0, -1):
        if sentence := _BY_STATE.get(state[:length]):
            return StorageError(sentence)
    # Messages are searched only if there is no state: a server's may be in any language.
    words = "" if state else str(cause).lower()
    for sentence, clues in _BY_WORDS.items():
        if any(clue in words for clue in clues):
            return StorageError(sentence)
    if isinstance(cause, OSError):
        return StorageError(_UNREACHABLE)
    return StorageError("The database refused the request: the debug log has its message.")
