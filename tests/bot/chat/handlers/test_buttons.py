"""The buttons below an answer."""

from sqlalchemy import delete

from storage import feedback, recommendations, statistics
from storage.tables import Recommendation
from tests.bot.conversation import answer, edited, hashtags, labels, note
from tests.bot.running import Running, Start
from tests.colours import colour_bundle, jpeg
from tests.person import Person


async def test_more_adds_the_next_hashtags(ann: Person) -> None:
    message = await answer(ann)
    for count in (20, 30, 40, 50, 60):
        await note(ann, message, "More like this")
        more = hashtags(ann.messages[message["message_id"]])
        assert len(more) == len(set(more)) == count
        assert more[:10] == hashtags(message)


async def test_at_sixty_hashtags_there_is_no_more(ann: Person) -> None:
    message = await answer(ann)
    for _ in range(5):
        await note(ann, message, "More like this")
    after = labels(ann.messages[message["message_id"]])
    assert "More like this" not in after
    assert any(label.startswith("Copy ") and " of 60" in label for label in after)


async def test_more_says_so_when_the_model_has_no_more(start: Start) -> None:
    bundle = colour_bundle(per_colour=4, backends=("als",))
    ann = await (await start(bundle)).person()
    message = await answer(ann)
    await note(ann, message, "More")
    assert "all I have" in await note(ann, message, "More")
    # All that als finds fitting: four hashtags of each colour, and the tools.
    assert len(hashtags(ann.messages[message["message_id"]])) == 15


async def test_the_other_backend_speaks_in_the_same_message_and_back(ann: Person) -> None:
    message = await answer(ann)
    assert "als says…" not in labels(message)
    other = await edited(ann, message, "w2v says…")
    assert hashtags(other)[0] == "#reddish1"
    assert other["text"].startswith("Best five · w2v")
    assert (await edited(ann, other, "als says…"))["text"] == message["text"]


async def test_a_photo_is_computed_and_counted_once_for_every_backend(
    bot: Running, ann: Person
) -> None:
    other = await edited(ann, await answer(ann), "w2v says…")
    await edited(ann, other, "als says…")
    assert bot.network.photos == 1
    async with bot.database.reading() as session:
        figures = await statistics.collect(session)
    assert {name: one.answers for name, one in figures.backends.items()} == {"als": 1, "w2v": 1}
    assert figures.duplicates == 0


async def test_an_album_is_also_answered_by_the_other_backend_as_a_whole(ann: Person) -> None:
    await ann.send_photo([jpeg("blue", 1), jpeg("red", 2), jpeg("red", 3)])
    other = await edited(ann, await ann.wait_reply(), "w2v says…")
    assert hashtags(other)[0] == "#reddish1"


async def test_one_installed_backend_offers_no_other(start: Start) -> None:
    ann = await (await start(colour_bundle(backends=("als",)))).person()
    assert not any("says" in label for label in labels(await answer(ann)))


async def test_a_thumb_is_stored_with_the_answer_and_may_change(bot: Running, ann: Person) -> None:
    message = await answer(ann)
    assert (await note(ann, message, "👍")).startswith("Thank you")
    await note(ann, message, "👎")
    async with bot.database.reading() as session:
        (stored,) = await recommendations.of_message(session, 1_000, message["message_id"])
        assert await feedback.thumbs(session, stored.id) == feedback.Thumbs(up=0, down=1)


async def test_buttons_work_after_a_restart(start: Start) -> None:
    first = await start()
    message = await answer(await first.person())
    await first.stop()

    second = await start(server=first.server)
    more = await edited(await second.person(), message, "More like this")
    assert len(hashtags(more)) == 20


async def test_buttons_whose_answer_is_gone_say_so(bot: Running, ann: Person) -> None:
    message = await answer(ann)
    async with bot.database.session() as session:
        await session.execute(delete(Recommendation))
    assert "too old" in await note(ann, message, "👍")
