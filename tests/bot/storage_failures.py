"""A database that fails in the middle of something."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from storage import StorageError, forgetting
from storage.tables import Vote


@contextmanager
def deletion_breaks_off(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """While it lasts, a person's labels and photos are deleted, and what comes after is not."""
    real = forgetting.delete_in_batches

    async def until_votes(database: Any, table: Any, *arguments: Any, **options: Any) -> int:
        if table is Vote:
            raise StorageError("The database is gone.")
        return await real(database, table, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(forgetting, "delete_in_batches", until_votes)
        yield


@contextmanager
def labels_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """While it lasts, what people taught is stored, and no engine can learn it."""

    async def refused(*_: Any, **__: Any) -> AsyncIterator[None]:
        raise StorageError("The database is gone.")
        yield

    with monkeypatch.context() as patch:
        patch.setattr("storage.training_labels.lessons", refused)
        yield


@contextmanager
def nothing_is_taught(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """While it lasts, no hashtag can be stored."""

    async def refused(*_: Any, **__: Any) -> None:
        raise StorageError("The disk that holds the database is full.")

    with monkeypatch.context() as patch:
        patch.setattr("storage.labels.add", refused)
        yield
