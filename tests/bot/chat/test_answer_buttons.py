"""The buttons below an answer."""

from colours import ColourEngine, hashtags, jpeg, labels
from running import Running, Start

from storage import feedback, recommendations, statistics
from tests.person import Message, Person


async def answered(person: Person, colour: str = "red", seed: int = 0) -> Message:
    await person.send_photo(jpeg(colour, seed))
    return await person.wait_reply()


async def test_more_adds_the_next_hashtags_until_there_are_enough(ann: Person) -> None:
    answer = await answered(ann)
    for count in (20, 30, 40, 50, 60):
        await ann.wait_callback(await ann.press(answer, "More like this"))
        edited = ann.messages[answer["message_id"]]
        assert len(hashtags(edited)) == len(set(hashtags(edited))) == count
        assert hashtags(edited)[:10] == hashtags(answer)
    assert "More like this" not in labels(edited)
    assert any(label.startswith("Copy ") and " of 60" in label for label in labels(edited))


async def test_more_says_so_when_there_is_no_more(start: Start) -> None:
    engine = ColourEngine()
    engine.per_colour = 4
    bot = await start(engine)
    ann = await bot.person()
    answer = await answered(ann)
    await ann.wait_callback(await ann.press(answer, "More"))
    said = await ann.wait_callback(await ann.press(answer, "More"))
    assert "all I have" in said["text"]
    assert len(hashtags(ann.messages[answer["message_id"]])) == 12


async def test_the_other_backend_speaks_in_the_same_message_and_back(
    bot: Running, ann: Person
) -> None:
    answer = await answered(ann)
    assert "als says…" not in labels(answer)
    await ann.press(answer, "w2v says…")
    other = await ann.wait_edit(answer)
    assert hashtags(other)[0] == "#reddish1"
    assert other["text"].startswith("Best five · w2v")
    await ann.press(other, "als says…")
    back = await ann.wait_edit(answer)
    assert back["text"] == answer["text"]
    assert bot.engine.photos_seen == 1
    async with bot.database.reading() as session:
        figures = await statistics.collect(session)
    assert {name: one.answers for name, one in figures.backends.items()} == {"als": 1, "w2v": 1}
    assert figures.duplicates == 0


async def test_an_album_is_also_answered_by_the_other_backend_as_a_whole(ann: Person) -> None:
    await ann.send_photo([jpeg("blue", 1), jpeg("red", 2), jpeg("red", 3)])
    answer = await ann.wait_reply()
    await ann.press(answer, "w2v says…")
    assert hashtags(await ann.wait_edit(answer))[0] == "#reddish1"


async def test_one_installed_backend_offers_no_other(start: Start) -> None:
    bot = await start(ColourEngine(("als",)))
    answer = await answered(await bot.person())
    assert not any("says" in label for label in labels(answer))


async def test_a_thumb_is_kept_with_the_answer_and_may_change(bot: Running, ann: Person) -> None:
    answer = await answered(ann)
    assert (await ann.wait_callback(await ann.press(answer, "👍")))["text"].startswith("Thank you")
    await ann.wait_callback(await ann.press(answer, "👎"))
    async with bot.database.reading() as session:
        (given,) = await recommendations.of_message(session, 1_000, answer["message_id"])
        assert await feedback.thumbs(session, given.id) == feedback.Thumbs(up=0, down=1)


async def test_buttons_work_after_a_restart_and_say_so_when_their_answer_is_gone(
    start: Start,
) -> None:
    first = await start()
    ann = await first.person()
    answer = await answered(ann)
    await first.stop()

    second = await start(server=first.server)
    ann = await second.person()
    await ann.press(answer, "More like this")
    assert len(hashtags(await ann.wait_edit(answer))) == 20

    async with second.database.session() as session:
        for given in await recommendations.of_message(session, 1_000, answer["message_id"]):
            await session.delete(await session.get(recommendations.Recommendation, given.id))
    said = await ann.wait_callback(await ann.press(answer, "👍"))
    assert "too old" in said["text"]
