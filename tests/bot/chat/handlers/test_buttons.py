"""The buttons below an answer."""

from datetime import UTC, datetime, timedelta
from string import ascii_lowercase

import pytest
from sqlalchemy import delete, update

from storage import feedback, recommendations, statistics
from storage.feedback import Thumbs
from storage.tables import Recommendation
from tests.bot.conversation import (
    BOB_IN_GROUP,
    GROUP,
    answer,
    answer_hashtags,
    below,
    buttons,
    copied_by,
    edited,
    hashtags,
    labels,
    note,
    reply,
    reply_text,
    settings_page,
)
from tests.bot.running import Running, Start
from tests.bot.telegram_sends import LATER, Refusing
from tests.colours import colour_bundle, colour_engine, jpeg
from tests.person import Message, Person
from tests.waiting import until


async def stored(bot: Running, message: Message) -> Recommendation:
    """The answer that a message shows."""
    async with bot.database.reading() as session:
        answers = await recommendations.of_message(
            session, message["chat"]["id"], message["message_id"]
        )
    return answers[0]


async def test_below_an_answer_stands_one_row(ann: Person) -> None:
    message = await answer(ann)
    assert [[one["text"] for one in row] for row in buttons(message)] == [["Copy", "More", "✎"]]


async def test_copy_copies_the_best_five_as_a_tap_on_their_block_does(ann: Person) -> None:
    message = await answer(ann)
    assert copied_by(message, "Copy").split() == hashtags(message)[:5]
    more = await edited(ann, message, "More")
    assert copied_by(more, "Copy").split() == hashtags(message)[:5]


async def test_copy_copies_as_many_as_the_chat_chose(ann: Person) -> None:
    await reply(ann, "/settings 7")
    message = await answer(ann)
    assert copied_by(message, "Copy").split() == hashtags(message)
    more = await edited(ann, message, "More")
    assert copied_by(more, "Copy").split() == hashtags(message)
    assert copied_by(await reply(ann, "reddish3"), "Copy").count("#") == 7


async def test_what_does_not_fit_into_copy_is_left_out_whole_and_the_answer_says_so(
    ann: Person,
) -> None:
    await reply(ann, f"/settings #{'a' * 90} #{'b' * 90} #{'c' * 90}")
    message = await answer(ann)
    assert copied_by(message, "Copy").split() == hashtags(message)[:7]
    assert "“Copy” takes 7 of the first 8" in message["text"]


async def test_that_copy_leaves_something_out_is_not_claimed_of_a_short_answer(
    ann: Person,
) -> None:
    assert "takes" not in (await answer(ann))["text"]


async def test_more_adds_the_next_hashtags(ann: Person) -> None:
    message = await answer(ann)
    for count in (20, 30, 40, 50, 60):
        await note(ann, message, "More")
        more = hashtags(ann.messages[message["message_id"]])
        assert len(more) == len(set(more)) == count
        assert more[:10] == hashtags(message)


async def test_at_sixty_hashtags_there_is_no_more(ann: Person) -> None:
    message = await answer(ann)
    for _ in range(5):
        await note(ann, message, "More")
    assert labels(ann.messages[message["message_id"]]) == ["Copy", "✎"]


async def test_a_double_tap_on_more_is_one(bot: Running, ann: Person) -> None:
    message = await answer(ann)
    async with bot.services.chat_locks.of(1_000):
        taps = [await ann.press(message, "More") for _ in range(2)]
    for tap in taps:
        assert (await ann.wait_callback(tap))["text"] == ""
    assert len(hashtags(ann.messages[message["message_id"]])) == 20


@pytest.mark.usefixtures("stopped_at_once")
async def test_a_tap_on_more_counts_once_though_a_restart_comes_in_between(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await start()
    ann = await first.person()
    message = await answer(ann)
    refusing = Refusing(monkeypatch, "editMessageText", LATER)
    await ann.press(message, "More")
    await until(lambda: refusing.refused)
    await first.stop()
    refusing.over = True
    async with Person(first.server.page_url) as ann:
        await start(server=first.server)
        assert len(hashtags(await ann.wait_edit(message))) == 20


async def test_more_ends_where_a_message_would_get_too_long(ann: Person) -> None:
    (photo,) = await ann.send_photo(jpeg("red"))
    await ann.wait_reply()
    for first in "ab":
        tags = (f"#{first}{second}".ljust(96, "x") for second in ascii_lowercase)
        await reply_text(ann, f"/addtags {' '.join(tags)}", photo)
    message = await answer(ann)
    while "More" in labels(message):
        message = await edited(ann, message, "More")
    assert 2_000 < len(message["text"]) < 4_000
    assert "✎" in labels(message)


async def test_an_answer_is_never_too_long_for_a_message(ann: Person) -> None:
    await reply_text(ann, "/settings 30")
    (photo,) = await ann.send_photo(jpeg("red"))
    await ann.wait_reply()
    gothic = [chr(code) for code in range(0x10330, 0x10341)]  # of two UTF-16 units each
    for first in gothic[:2]:
        tags = (f"#{first}{second}".ljust(98, gothic[0]) for second in gothic)
        await reply_text(ann, f"/addtags {' '.join(tags)}", photo)
    message = await answer(ann)
    assert 5 < len(hashtags(message)) < 30


async def test_more_says_so_when_the_model_has_no_more(start: Start) -> None:
    bundle = colour_bundle(per_colour=4, backends=("als",))
    ann = await (await start(bundle)).person()
    message = await answer(ann)
    await note(ann, message, "More")
    assert "all I have" in await note(ann, message, "More")
    # All that als finds fitting: four hashtags of each colour, and the tools.
    assert len(hashtags(ann.messages[message["message_id"]])) == 15


async def test_below_the_pencil_stands_all_else_and_back_leads_back(ann: Person) -> None:
    message = await answer(ann)
    opened = await edited(ann, message, "✎")
    assert labels(opened) == [
        *(f"✕ {tag}" for tag in hashtags(message)[:5]),
        "1 of 2 ›",
        *("👍", "👎", "Why?"),
        *("✓ als", "w2v", "both"),
        *("Add tags", "‹ Back"),
    ]
    assert hashtags(opened) == hashtags(message)
    assert buttons(await edited(ann, opened, "‹ Back")) == buttons(message)


async def test_a_tap_that_needs_no_word_shows_none(ann: Person) -> None:
    assert await note(ann, await answer(ann), "✎") == ""


async def test_hashtags_are_taken_out_five_at_a_time(ann: Person) -> None:
    message = await answer(ann)
    second = await below(ann, message, "1 of 2 ›")
    shown = [label for label in labels(second) if label.startswith("✕")]
    assert shown == [f"✕ {tag}" for tag in hashtags(message)[5:]]
    assert "1 of 2 ›" in labels(await edited(ann, second, "2 of 2 ›"))


async def test_the_other_backend_speaks_in_the_same_message_and_back(ann: Person) -> None:
    message = await answer(ann)
    other = await below(ann, message, "w2v")
    assert hashtags(other)[0] == "#reddish1"
    assert other["text"].startswith("Best five · w2v")
    assert "✓ w2v" in labels(other)
    back = await edited(ann, await edited(ann, other, "als"), "‹ Back")
    assert back["text"] == message["text"]


async def test_what_is_asked_afterwards_is_about_the_backend_shown_again(start: Start) -> None:
    ann = await (await start(colour_bundle(knowledge=True))).person()
    message = await answer(ann)
    other = await below(ann, message, "w2v")
    await edited(ann, await edited(ann, other, "both"), "w2v")
    for reply_to in (message, None):
        assert "#reddish1 #reddish2" in await reply_text(ann, "/why", reply_to)
    assert "#reddish1" in (await settings_page(ann, "Sizes"))["text"]
    await edited(ann, other, "als")
    assert "#red1" in await reply_text(ann, "/why", message)
    assert "★ red1 · red2 · red3" in labels(await reply(ann, "/categories"))


async def test_which_backend_a_message_shows_depends_on_no_clock(bot: Running, ann: Person) -> None:
    message = await answer(ann)
    opened = await below(ann, message, "w2v")
    async with bot.database.session() as session:
        ahead = update(Recommendation).where(Recommendation.backend == "w2v")
        await session.execute(ahead.values(at=datetime.now(UTC) + timedelta(hours=1)))
    for name, tag in (("als", "#red1"), ("w2v", "#reddish1"), ("als", "#red1")):
        await edited(ann, opened, name)
        for reply_to in (message, None):
            assert tag in await reply_text(ann, "/why", reply_to)


async def test_a_photo_is_computed_and_counted_once_for_every_backend(
    bot: Running, ann: Person
) -> None:
    other = await below(ann, await answer(ann), "w2v")
    await edited(ann, other, "als")
    assert bot.network.photos == 1
    async with bot.database.reading() as session:
        figures = await statistics.collect(session)
    assert {name: one.answers for name, one in figures.backends.items()} == {"als": 1, "w2v": 1}
    assert figures.duplicates == 0


async def test_an_album_is_also_answered_by_the_other_backend_as_a_whole(ann: Person) -> None:
    await ann.send_photo([jpeg("blue", 1), jpeg("red", 2), jpeg("red", 3)])
    five = hashtags(await below(ann, await ann.wait_reply(), "w2v"))[:5]
    assert sorted(five) == ["#bluedish1", "#bluedish2", "#reddish1", "#reddish2", "#reddish3"]


async def test_one_installed_backend_offers_no_other(start: Start) -> None:
    ann = await (await start(colour_bundle(backends=("als",)))).person()
    assert "✓ als" not in labels(await edited(ann, await answer(ann), "✎"))


async def test_why_is_told_below_the_answer(ann: Person) -> None:
    message = await answer(ann)
    await ann.press(await edited(ann, message, "✎"), "Why?")
    reasons = await ann.wait_reply()
    assert reasons["reply_to_message"]["message_id"] == message["message_id"]
    assert "#red1" in reasons["text"]


async def test_a_thumb_is_stored_and_leaves_a_mark(bot: Running, ann: Person) -> None:
    message = await answer(ann)
    opened = await below(ann, message, "👍")
    assert {"✓ 👍", "👎"} <= set(labels(opened))
    assert labels(await edited(ann, opened, "‹ Back"))[-1] == "✎ 👍"
    async with bot.database.reading() as session:
        assert await feedback.thumbs(session, (await stored(bot, message)).id) == Thumbs(1, 0)


async def test_a_thumb_may_change_and_be_taken_back(bot: Running, ann: Person) -> None:
    message = await answer(ann)
    opened = await edited(ann, await below(ann, message, "👍"), "👎")
    assert {"👍", "✓ 👎"} <= set(labels(opened))
    assert "withdrawn" in await note(ann, opened, "👎")
    assert {"👍", "👎"} <= set(labels(ann.messages[message["message_id"]]))


async def test_thumbs_of_several_are_counted(bot: Running) -> None:
    ann, bob = await bot.person(**GROUP), await bot.person(**BOB_IN_GROUP)
    await ann.send_photo(jpeg("red"), caption="/tags")
    opened = await edited(ann, await ann.wait_reply(), "✎")
    await note(ann, opened, "👍")
    await note(bob, opened, "👍")
    assert "✓ 👍 2" in labels(ann.messages[opened["message_id"]])


async def test_five_with_a_thumb_down_are_not_shown_for_that_photo_again(
    bot: Running, ann: Person
) -> None:
    message = await answer(ann)
    assert "suggest others" in await note(ann, await edited(ann, message, "✎"), "👎")
    five = set(hashtags(message)[:5])
    assert five.isdisjoint(await answer_hashtags(ann))
    await ann.send_photo(jpeg("red", 0, (426, 320)))  # a copy
    assert five.isdisjoint(hashtags(await ann.wait_reply()))


async def test_a_thumb_down_holds_for_its_chat_and_its_photo_only(
    bot: Running, ann: Person
) -> None:
    message = await answer(ann)
    await below(ann, message, "👎")
    assert await answer_hashtags(ann)  # the other five, which must not go to others
    assert await answer_hashtags(ann, "red", 7) == hashtags(message)
    boris = await bot.person(chat=2_000)
    assert await answer_hashtags(boris) == hashtags(message)


async def test_a_thumb_down_that_is_taken_back_no_longer_holds(ann: Person) -> None:
    message = await answer(ann)
    opened = await below(ann, message, "👎")
    await answer(ann)
    await edited(ann, opened, "👎")
    assert await answer_hashtags(ann) == hashtags(message)


async def test_after_a_thumb_down_no_model_says_the_same_again(ann: Person) -> None:
    message = await answer(ann)
    opened = await below(ann, message, "👎")
    for backend in ("w2v", "als"):
        opened = await edited(ann, opened, backend)
        assert set(hashtags(message)[:5]).isdisjoint(hashtags(opened))


async def test_buttons_work_after_a_restart(start: Start) -> None:
    first = await start()
    message = await answer(await first.person())
    await first.stop()

    second = await start(server=first.server)
    more = await edited(await second.person(), message, "More")
    assert len(hashtags(more)) == 20


@pytest.mark.parametrize("data", ["more:1", "up:1", "other:1:w2v", "add:1"])
async def test_buttons_under_answers_from_before_there_was_one_row_still_work(
    bot: Running, ann: Person, data: str
) -> None:
    message = await answer(ann)
    old = {"inline_keyboard": [[{"text": "old", "callback_data": data}]]}
    bot.server.state.chats[1_000].messages[message["message_id"]]["reply_markup"] = old
    ann.messages[message["message_id"]]["reply_markup"] = old
    await ann.press(message, "old")
    if data == "add:1":
        assert "Which hashtags" in (await ann.wait_reply())["text"]
    else:
        assert "‹ Back" in labels(await ann.wait_edit(message)) or data == "more:1"


async def test_buttons_whose_answer_is_gone_say_so(bot: Running, ann: Person) -> None:
    message = await answer(ann)
    async with bot.database.session() as session:
        await session.execute(delete(Recommendation))
    assert "too old" in await note(ann, message, "✎")


async def test_under_an_answer_of_another_model_more_comes_from_the_one_at_work(
    bot: Running, ann: Person
) -> None:
    message = await answer(ann)
    bot.services.learner.engine = colour_engine(colour_bundle(per_colour=12), bot.network)
    more = hashtags(await edited(ann, message, "More"))
    assert more[:10] == hashtags(message)
    assert len(more) == 20
    assert "#red13" not in more  # which only the earlier one knew


async def test_other_models_that_are_no_longer_installed_are_not_offered(
    bot: Running, ann: Person
) -> None:
    opened = await edited(ann, await answer(ann), "✎")
    bot.services.learner.engine = colour_engine(colour_bundle(backends=("als",)), bot.network)
    assert "too old" in await note(ann, opened, "w2v")
    assert "w2v" not in labels(await edited(ann, await edited(ann, opened, "‹ Back"), "✎"))


async def test_what_is_blocked_since_disappears_from_an_answer(bot: Running, ann: Person) -> None:
    message = await answer(ann)
    admin = await bot.person(chat=77)
    await reply_text(admin, "/block red3")
    opened = await edited(ann, message, "✎")
    assert "#red3" not in hashtags(opened)
    assert "✕ #red3" not in labels(opened)
