"""Telegram's receipts for messages, beside an SQLite database until the outbox knows of them.

That a message arrived is stored when it is our turn to write, tens of milliseconds later where many
write; a bot that is killed before that would send the message once more. A receipt is there at
once, since it waits for nobody: an empty file that bears its numbers. It outlives the process,
though not a power cut.

Where a server has the database nobody waits for a turn, and there are no receipts.
"""

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ENDING = "-receipts"
"""Of the folder's name, after the name of the database."""

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
    """Those of one database, in a folder that is made when it is needed.

    Where one cannot be written, the outbox learns what arrived all the same, if it can.

    Args:
        database: the file; None for one on a server.
    """

    def __init__(self, database: Path | None) -> None:
        self._folder = database and database.with_name(database.name + ENDING)

    def add(self, receipt: Receipt) -> None:
        """The message has arrived."""
        if self._folder is not None:
            with suppress(OSError):
                try:
                    _touch(self._path(self._folder, receipt))
                except FileNotFoundError:
                    self._folder.mkdir(mode=0o700, exist_ok=True)
                    _touch(self._path(self._folder, receipt))

    def remove(self, receipt: Receipt) -> None:
        """The outbox knows it now."""
        if self._folder is not None:
            with suppress(OSError):
                self._path(self._folder, receipt).unlink()

    def read(self) -> list[Receipt]:
        """All that are there."""
        names: list[str] = []
        if self._folder is not None:
            with suppress(OSError):
                names = [path.name for path in self._folder.iterdir()]
        found = filter(None, map(_NAME.fullmatch, names))
        return [Receipt(*map(int, name.groups())) for name in found]

    @staticmethod
    def _path(folder: Path, receipt: Receipt) -> Path:
        return folder / f"{receipt.row_id}_{receipt.chat_id}_{receipt.message_id}"


def _touch(path: Path) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
