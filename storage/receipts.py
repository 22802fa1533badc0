"""Telegram's receipts for messages, beside an SQLite database until the outbox knows of them.

An arrival is stored when it is our turn to write, tens of milliseconds later under load; a bot
killed before that would send the message again. A receipt is written at once, since it waits for
nobody: an empty file with the numbers in its name. It outlives the process, but not a power cut.

On a database server nobody waits for a turn, and there are no receipts.
"""

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from storage.sqlite import real_file

ENDING = "-receipts"
"""The end of the folder's name, after the name of the database."""

_NAME = re.compile(r"(\d+)_(-?\d+)_(\d+)")


@dataclass(frozen=True)
class Receipt:
    """A message of the outbox has arrived.

    Attributes:
        row_id: the row in the outbox.
        chat_id, message_id: where the message is now.
    """

    row_id: int
    chat_id: int
    message_id: int


class Receipts:
    """The receipts of one database, in a folder that is created when needed.

    Failures to write are ignored: the outbox itself stores the arrival a moment later.

    Args:
        database: the file; None for one on a server.
    """

    def __init__(self, database: Path | None) -> None:
        # Not beside a symbolic link: a restore sets aside what is beside the file.
        self._folder = database and Path(f"{real_file(database)}{ENDING}")

    def add(self, receipt: Receipt) -> None:
        """Stores that the message has arrived."""
        if self._folder is not None:
            with suppress(OSError):
                try:
                    _touch(self._path(self._folder, receipt))
                except FileNotFoundError:
                    self._folder.mkdir(mode=0o700, exist_ok=True)
                    _touch(self._path(self._folder, receipt))

    def remove(self, receipt: Receipt) -> None:
        """Deletes a receipt that the outbox has stored."""
        if self._folder is not None:
            with suppress(OSError):
                self._path(self._folder, receipt).unlink()

    def read(self) -> list[Receipt]:
        """All receipts."""
        names: list[str] = []
        if self._folder is not None:
            with suppress(OSError):
                names = [path.name for path in self._folder.iterdir()]
        matches = filter(None, map(_NAME.fullmatch, names))
        return [Receipt(*map(int, match.groups())) for match in matches]

    @staticmethod
    def _path(folder: Path, receipt: Receipt) -> Path:
        return folder / f"{receipt.row_id}_{receipt.chat_id}_{receipt.message_id}"


def _touch(path: Path) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
