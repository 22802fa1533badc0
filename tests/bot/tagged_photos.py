"""Photos that people have tagged, in a database."""

from collections.abc import Sequence

import numpy as np

from recommenders.arrays import Floats
from recommenders.copies import Hashes
from storage import Database, blocklist, known_photos, labels
from tests.concepts import BACKBONE


async def tag_photos(
    database: Database, rows: Floats, tags: Sequence[str], *, users: Sequence[int], seed: int
) -> None:
    """A photo for each row of features, tagged by each of the users; the same photos for a seed."""
    draw = np.random.default_rng(seed)
    async with database.session() as session:
        for number, row in enumerate(rows):
            bits = Hashes(int(draw.integers(2**63)), int.from_bytes(draw.bytes(32)))
            photo = await known_photos.remember(
                session,
                hashes=bits,
                features={BACKBONE: row},
                file_unique_id=f"{seed}-{number}",
            )
            for user in users:
                await labels.add(
                    session,
                    person=user,
                    chat_id=user,
                    photo_id=photo,
                    hashtags={tag: tag for tag in tags},
                    blocklist=blocklist.in_force({}),
                )
