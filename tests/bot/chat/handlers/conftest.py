"""What several commands are about."""

import pytest

from tests.colours import jpeg
from tests.person import Message, Person


@pytest.fixture
async def photo(ann: Person) -> Message:
    """A photo of Ann's that the bot has answered."""
    (message,) = await ann.send_photo(jpeg("red"))
    await ann.wait_reply()
    return message
