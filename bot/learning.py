"""What happens when people teach: the door between the chat and the recommenders' learning."""

from typing import Protocol


class Learner(Protocol):
    """Learns from a photo's hashtags once they are stored."""

    async def learn(self, photo_id: int) -> None:
        """Take in what is now stored about this photo, so that the next answers know it."""
        ...


class StoredOnly:
    """Leaves what people teach in the database, for a later fit."""

    async def learn(self, photo_id: int) -> None:
        return None
