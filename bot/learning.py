"""What happens when people teach: the door between the chat and the recommenders' learning."""

from datetime import datetime
from typing import Protocol


class Learner(Protocol):
    """Learns from the hashtags that people gave photos, once they are stored.

    Attributes:
        learnt_at: when recommendations last changed by learning (UTC, aware); answers given
            before then are not repeated. ``None``: never.
    """

    learnt_at: datetime | None

    async def learn(self, photo_id: int) -> None:
        """Take in what is now stored about this photo, so that the next answers know it."""
        ...

    async def relearn(self) -> None:
        """Labels of some photos were taken back or deleted: learn what is left, nothing else."""
        ...


class StoredOnly:
    """Leaves what people teach in the database, for a later fit."""

    learnt_at: datetime | None = None

    async def learn(self, photo_id: int) -> None:
        return None

    async def relearn(self) -> None:
        return None
