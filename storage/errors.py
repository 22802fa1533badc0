"""The one exception that leaves this package, and the sentences it speaks."""

_SENTENCES = (
    ("disk is full", "The disk that holds the database is full: free some space and try again."),
    ("no space left", "The disk that holds the database is full: free some space and try again."),
    ("disk quota", "The disk that holds the database is full: free some space and try again."),
    ("readonly", "The database cannot be written to: check the rights on its file and folder."),
    ("read-only", "The database cannot be written to: check the rights on its file and folder."),
    ("permission denied", "The database cannot be written to: check the rights on its folder."),
    ("locked", "The database is busy with another program: try again in a moment."),
    (
        "unable to open",
        "The database cannot be opened: check the path in DATABASE_URL.",
    ),
    ("not a database", "The file that DATABASE_URL names is not a tag4pic database."),
    ("malformed", "The database file is damaged: restore it from a backup."),
    (
        "disk i/o",
        "The disk failed while the database was read or written: check it.",
    ),
    ("foreign key", "What this belongs to has been deleted in the meantime."),
    ("does not exist", "The database server has no database of that name: check DATABASE_URL."),
    ("name or service", "The database server cannot be reached: check DATABASE_URL."),
    ("connect", "The database server cannot be reached: check DATABASE_URL."),
)


class StorageError(Exception):
    """The database could not do what was asked; nothing of that session was kept.

    ``str(error)`` is a sentence for people, without a path or SQL. The driver's own words are in
    ``__cause__``, for the debug log.
    """


def explain(error: BaseException) -> StorageError:
    """The ``StorageError`` to raise from ``error`` (a driver's, SQLAlchemy's or the system's)."""
    words = str(getattr(error, "orig", None) or error).lower()
    for clue, sentence in _SENTENCES:
        if clue in words:
            return StorageError(sentence)
    return StorageError("The database refused what was asked: the debug log has its words.")
