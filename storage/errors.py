"""The one exception that leaves this package, and the sentences it speaks."""

_SENTENCES = {
    "The disk that holds the database is full: free some space and try again.": (
        "disk is full",
        "no space left",
        "disk quota",
    ),
    "The database cannot be written to: check the rights on its file and folder.": (
        "readonly",
        "read-only",
    ),
    "The database cannot be written to: check the rights on its folder.": ("permission denied",),
    "The database is busy with another program: try again in a moment.": ("locked",),
    "The database cannot be opened: check the path in DATABASE_URL.": ("unable to open",),
    "The file that DATABASE_URL names is not a tag4pic database.": ("not a database",),
    "The database file is damaged: restore it from a backup.": ("malformed",),
    "The disk failed while the database was read or written: check it.": ("disk i/o",),
    "What this belongs to has been deleted in the meantime.": ("foreign key",),
    "The database server has no database of that name: check DATABASE_URL.": ("does not exist",),
    "The database server cannot be reached: check DATABASE_URL.": ("name or service", "connect"),
}
"""By the sentence, what the driver's words hold."""


class StorageError(Exception):
    """The database could not do what was asked; nothing of that session was kept.

    ``str(error)`` is a sentence for people, without a path or SQL. The driver's own words are in
    ``__cause__``, for the debug log.
    """


def explain(error: BaseException) -> StorageError:
    """The ``StorageError`` to raise from ``error`` (a driver's, SQLAlchemy's or the system's)."""
    words = str(getattr(error, "orig", None) or error).lower()
    for sentence, clues in _SENTENCES.items():
        if any(clue in words for clue in clues):
            return StorageError(sentence)
    return StorageError("The database refused what was asked: the debug log has its words.")
