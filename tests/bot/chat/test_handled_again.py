"""What an update that is handled again must not do a second time."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from telegram import Chat, Message, User

from bot.chat.last_photo import LastPhotos
from bot.chat.questions import Questions
from bot.chat.replies import Reply
from tests.bot.running import Running


def photo(number: int, album: str | None = None) -> Message:
    return Message(
        number,
        datetime.now(UTC),
        Chat(1, Chat.PRIVATE),
        from_user=User(1, "Ann", is_bot=False),
        media_group_id=album,
    )


@pytest.mark.parametrize(
    ("arrived", "last"),
    [
        (["1", "2", "1"], [2]),
        (["1", "1"], [1]),
        (["1a", "2a", "1a", "2a"], [1, 2]),
        (["1a", "2a", "3", "1a"], [3]),
        (["2a", "1a"], [1, 2]),
    ],
)
def test_an_earlier_photo_does_not_become_the_last_one(
    arrived: Sequence[str], last: Sequence[int]
) -> None:
    photos = LastPhotos()
    for one in arrived:
        photos.remember(photo(int(one[0]), one[1:] or None))
    assert [part.message_id for part in photos.before(photo(9))] == last


def test_an_answer_gets_its_questions_photos_again_and_no_other_message_does() -> None:
    questions = Questions()
    questions.ask(1, [7])
    assert questions.is_open(1, 10) and questions.answer(1, 10) == [7]
    assert questions.is_open(1, 10) and not questions.is_open(1, 11)
    assert questions.answer(1, 11) == ()
    questions.ask(1, [8])
    assert questions.answer(1, 12) == [8]
    questions.close(1)
    assert questions.answer(1, 12) == ()


async def test_a_message_that_is_being_stored_is_not_taken_for_one_that_nobody_sends(
    bot: Running,
) -> None:
    outbox = bot.services.outbox
    with pytest.raises(ZeroDivisionError):
        async with bot.database.session() as session:
            message = await outbox.put(session, Reply(1, "Hello", person=1))
            assert message.id in outbox.rows
            raise ZeroDivisionError
    assert not outbox.rows
    async with bot.database.session() as session:
        message = await outbox.put(session, Reply(1, "Hello", person=1))
    assert outbox.rows == {message.id}
