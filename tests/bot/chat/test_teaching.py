"""Teaching hashtags in the chat."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from colours import hashtags, jpeg
from running import Running, Start
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from storage import StorageError, known_photos, sightings
from storage.tables import Label
from tests.person import Message, Person

GROUP = {"chat": -500, "user": 1_001}


class Noting:
    """Notes what it is asked to learn."""

    def __init__(self) -> None:
        self.learnt_at: datetime | None = None
        self.photos: list[int] = []
        self.relearnt = 0

    async def learn(self, photo_id: int) -> None:
        self.photos.append(photo_id)
        self.learnt_at = datetime.now(UTC)

    async def relearn(self) -> None:
        self.relearnt += 1


@pytest.fixture
def learner(bot: Running) -> Noting:
    bot.services.learner = noting = Noting()
    return noting


async def taught(bot: Running, message: Message) -> list[list[str]]:
    """The hashtags stored for each photo of a message."""
    async with bot.database.reading() as session:
        ids = await sightings.of_message(session, message["chat"]["id"], message["message_id"])
        labels = select(Label.photo_id, Label.hashtag).where(Label.removed_at.is_(None))
        rows = (await session.execute(labels.order_by(Label.id))).all()
        return [list(dict.fromkeys(tag for id_, tag in rows if id_ == one)) for one in ids]


async def said(person: Person, text: str, reply_to: Message | None = None) -> str:
    await person.send_text(text, reply_to=reply_to)
    return str((await person.wait_reply())["text"])


async def test_right_after_a_photo_its_hashtags_are_stored_and_confirmed_by_name(
    bot: Running, ann: Person, learner: Noting
) -> None:
    (photo,) = await ann.send_photo(jpeg("red"))
    await ann.wait_reply()
    answer = await said(ann, "/addtags #Кошка, café red1")
    assert answer.startswith("Learnt: #кошка #café #red1")
    assert "only this chat will see them: #кошка #café" in answer
    assert await taught(bot, photo) == [["кошка", "café", "red1"]]
    assert len(learner.photos) == 1
    assert "already: #red1" in await said(ann, "/addtags #red1")


async def test_in_reply_to_a_photo_or_to_the_answer_it_is_that_photo(
    bot: Running, ann: Person
) -> None:
    (first,) = await ann.send_photo(jpeg("red", 1))
    first_answer = await ann.wait_reply()
    (second,) = await ann.send_photo(jpeg("red", 2))
    await ann.wait_reply()
    await said(ann, "/addtags #one", first)
    await said(ann, "/addtags\n#two", first_answer)
    assert await taught(bot, first) == [["one", "two"]]
    assert await taught(bot, second) == [[]]


async def test_as_the_caption_of_a_photo_or_an_album(bot: Running, ann: Person) -> None:
    (photo,) = await ann.send_photo(jpeg("red", 1), caption="/addtags #one")
    assert "Learnt: #one" in (await ann.wait_reply())["text"]
    album = await ann.send_photo([jpeg("red", 2), jpeg("red", 3)], caption="/addtags #two")
    assert "Learnt: #two" in (await ann.wait_reply())["text"]
    assert await taught(bot, photo) == [["one"]]
    assert [await taught(bot, part) for part in album] == [[["two"]], [["two"]]]


async def test_right_after_an_album_it_is_all_of_its_photos(bot: Running, ann: Person) -> None:
    album = await ann.send_photo([jpeg("red", 2), jpeg("red", 3)])
    await ann.wait_reply()
    await said(ann, "/addtags #two")
    assert [await taught(bot, part) for part in album] == [[["two"]], [["two"]]]


async def test_in_a_group_a_photo_that_was_not_answered_can_be_taught(bot: Running) -> None:
    ann = await bot.person(**GROUP)
    bob = await bot.person(**{**GROUP, "user": 1_002})
    (photo,) = await ann.send_photo(jpeg("blue"))
    assert "Learnt: #sky" in await said(bob, "/addtags sky")
    assert "Learnt: #sea" in await said(bob, "/addtags sea", photo)
    assert await taught(bot, photo) == [["sky", "sea"]]


async def test_the_button_asks_and_the_reply_is_taken(bot: Running, ann: Person) -> None:
    (photo,) = await ann.send_photo(jpeg("red"))
    answer = await ann.wait_reply()
    await ann.press(answer, "Add tags")
    prompt = await ann.wait_reply()
    assert prompt["text"].startswith("Which hashtags fit this photo?")
    assert "Learnt: #one #two" in await said(ann, "one, #two", prompt)
    assert await taught(bot, photo) == [["one", "two"]]
    assert "Send me a photo" in await said(ann, "nice", answer)


async def test_in_a_group_the_button_asks_the_one_who_tapped(bot: Running) -> None:
    ann = await bot.person(**GROUP)
    await ann.send_photo(jpeg("red"), caption="/tags")
    answer = await ann.wait_reply()
    bob = await bot.person(**{**GROUP, "user": 1_002, "name": "Bob", "language": "ru"})
    await bob.press(answer, "Add tags")
    prompt = await bob.wait_reply()
    assert prompt["text"].startswith("Bob Какие хештеги")
    assert "Запомнил: #один" in await said(bob, "#один", prompt)


async def test_a_taught_photo_no_longer_repeats_its_earlier_answer(
    bot: Running, ann: Person, learner: Noting
) -> None:
    for seed in (1, 2):
        await ann.send_photo(jpeg("red", seed))
        assert len(hashtags(await ann.wait_reply())) == 10
    await said(ann, "/addtags #one")
    bot.engine.per_colour = 2
    for seed in (1, 2):
        await ann.send_photo(jpeg("red", seed))
        assert "#green1" in hashtags(await ann.wait_reply())
    assert bot.engine.photos_seen == 2


async def test_what_cannot_be_taught_is_said_and_the_rest_is_kept(
    bot: Running, ann: Person
) -> None:
    assert "For which photo?" in await said(ann, "/addtags #one")
    await ann.send_photo(jpeg("red"))
    await ann.wait_reply()
    assert "Which hashtags?" in await said(ann, "/addtags")
    assert "Which hashtags?" in await said(ann, "/addtags \u200b\u200f ,,")
    nasty = "/addtags <b>bold</b> 😀😀 '); DROP TABLE labels;-- #ok " + "x" * 300
    answer = await said(ann, nasty)
    assert "#ok" in answer.splitlines()[0]
    assert "Not hashtags: <b>bold</b> 😀😀" in answer
    assert "x" * 30 + "…" in answer
    assert "#drop" in answer


async def test_of_two_hundred_hashtags_thirty_are_taken_and_the_rest_is_told(
    ann: Person,
) -> None:
    (photo,) = await ann.send_photo(jpeg("red"))
    await ann.wait_reply()
    many = " ".join(f"#{'long' * 3}{number}" for number in range(200))
    answer = await said(ann, f"/addtags {many}", photo)
    first, *rest = answer.splitlines()
    assert len(first.removeprefix("Learnt: ").split()) == 30
    assert any("I take up to 30 at a time" in line and "…" in line for line in rest)


async def test_a_daily_limit_and_blocked_words_are_told(start: Start) -> None:
    bot = await start(tags_per_day=3)
    ann, admin = await bot.person(), await bot.person(chat=77)
    assert await said(admin, "/block Spam bad*") == "Blocked: spam, bad*"
    await ann.send_photo(jpeg("red"))
    await ann.wait_reply()
    answer = await said(ann, "/addtags #spam #badly #one #two #three #four")
    assert "Learnt: #one #two #three" in answer
    assert "Not welcome here: #spam #badly" in answer
    assert "3 a day. Left out: #four" in answer


async def test_two_people_who_teach_the_same_photo_at_once_are_both_kept(bot: Running) -> None:
    ann = await bot.person(**GROUP)
    bob = await bot.person(**{**GROUP, "user": 1_002})
    (photo,) = await ann.send_photo(jpeg("blue"))
    await ann.send_text("/addtags #sky", reply_to=photo)
    await bob.send_text("/addtags #sky #sea", reply_to=photo)
    await ann.wait_reply()
    await ann.wait_reply()
    assert await taught(bot, photo) == [["sky", "sea"]]
    async with bot.database.reading() as session:
        ids = await sightings.of_message(session, -500, photo["message_id"])
        assert len(ids) == 1
        assert await known_photos.features(session, ids[0])


async def test_what_fails_to_be_learnt_is_confirmed_all_the_same_since_it_is_stored(
    bot: Running, ann: Person
) -> None:
    bot.services.learner = None  # type: ignore[assignment]
    (photo,) = await ann.send_photo(jpeg("red"))
    bot.services.learner = Noting()
    await ann.wait_reply()
    bot.services.learner.learn = None  # type: ignore[assignment, method-assign]
    assert "Learnt: #one" in await said(ann, "/addtags #one")
    assert await taught(bot, photo) == [["one"]]


async def test_a_full_disk_is_told_and_nothing_is_confirmed(bot: Running, ann: Person) -> None:
    (photo,) = await ann.send_photo(jpeg("red"))
    await ann.wait_reply()
    session = bot.database.session

    @asynccontextmanager
    async def full() -> AsyncIterator[AsyncSession]:
        async with session() as one:
            yield one
            raise StorageError("The disk that holds the database is full.")

    bot.database.session = full  # type: ignore[method-assign]
    assert "cannot save anything" in await said(ann, "/addtags #one")
    bot.database.session = session  # type: ignore[method-assign]
    assert await taught(bot, photo) == [[]]
    assert "Learnt: #one" in await said(ann, "/addtags #one")


async def test_mytags_lists_a_page_at_a_time_and_removes(
    bot: Running, ann: Person, learner: Noting
) -> None:
    assert "not taught me" in await said(ann, "/mytags")
    (photo,) = await ann.send_photo(jpeg("red"))
    await ann.wait_reply()
    await said(ann, "/addtags " + " ".join(f"tag{number}" for number in range(10)))
    await ann.send_text("/mytags")
    shown = await ann.wait_reply()
    assert "10 hashtags" in shown["text"]
    await ann.press(shown, "Next")
    await ann.wait_edit(shown)
    note = await ann.wait_callback(await ann.press(shown, "✕ #tag0"))
    assert note["text"] == "#tag0 is removed."
    assert "9 hashtags" in ann.messages[shown["message_id"]]["text"]
    assert len((await taught(bot, photo))[0]) == 9
    assert learner.relearnt == 1


async def test_nobody_else_turns_or_empties_ones_list(bot: Running) -> None:
    ann = await bot.person(**GROUP)
    bob = await bot.person(**{**GROUP, "user": 1_002})
    (photo,) = await ann.send_photo(jpeg("blue"))
    await said(ann, "/addtags #sky", photo)
    await ann.send_text("/mytags")
    shown = await ann.wait_reply()
    note = await bob.wait_callback(await bob.press(shown, "✕ #sky"))
    assert note["text"] == "This list is someone else’s."
    await ann.send_text("/forget")
    asked = await ann.wait_reply()
    await bob.wait_callback(await bob.press(asked, "Yes"))
    assert await taught(bot, photo) == [["sky"]]


async def test_forget_deletes_only_after_yes(bot: Running, ann: Person, learner: Noting) -> None:
    (photo,) = await ann.send_photo(jpeg("red"))
    answer = await ann.wait_reply()
    await said(ann, "/addtags #one")
    await ann.send_text("/forget")
    asked = await ann.wait_reply()
    await ann.press(asked, "No")
    assert "Nothing was deleted" in (await ann.wait_edit(asked))["text"]
    assert await taught(bot, photo) == [["one"]]

    await ann.send_text("/forget")
    asked = await ann.wait_reply()
    await ann.press(asked, "Yes")
    assert "Nothing about you is stored" in (await ann.wait_edit(asked))["text"]
    assert await taught(bot, photo) == []
    assert learner.relearnt == 1
    assert "For which photo?" in await said(ann, "/addtags #one")
    stale = await ann.wait_callback(await ann.press(answer, "👍"))
    assert "too old" in stale["text"]
