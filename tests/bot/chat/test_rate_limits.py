"""A flood ends at the gate, with one polite word; what people send comes through."""

from hypothesis import given
from hypothesis import strategies as st

from bot.chat.rate_limits import RateLimits
from tests.bot.conversation import reply_text
from tests.bot.running import Start
from tests.bot.telegram_sends import arrives, is_edited, photo
from tests.colours import jpeg


async def test_who_floods_is_told_once_and_others_are_answered(start: Start) -> None:
    bot = await start(updates_per_minute=5)
    ann, bob = await bot.person(), await bot.person(chat=2_000)
    for _ in range(5):
        assert "Hello" in await reply_text(ann, "/start")
    skipped = await ann.send_text("/start")
    told = await ann.wait_reply()
    assert "will not answer what comes next. Please try again in a minute" in told["text"]
    assert told["reply_to_message"]["message_id"] == skipped["message_id"]
    for _ in range(3):
        await ann.send_text("/start")
    assert "hashtags" in await reply_text(bob, "/start")
    assert len(ann.replies()) == 6


async def test_a_group_may_send_four_times_as_much_as_a_person(start: Start) -> None:
    bot = await start(updates_per_minute=1)
    people = [await bot.person(chat=-500, user=number) for number in range(1_001, 1_006)]
    for person in people:
        await person.send_text("/start")
    await people[0].wait_event("message", lambda one: "a minute" in one["text"])
    for _ in range(4):
        await people[0].wait_event("message", lambda one: "Hello" in one["text"])
    assert len([one for one in people[0].replies() if "Hello" in one["text"]]) == 4


async def test_a_channel_that_edits_much_is_told_nothing(start: Start) -> None:
    bot = await start(updates_per_minute=1)
    ann = await bot.person()
    post = arrives(bot, -700, await photo(bot, jpeg("red")), kind="channel_post")
    for _ in range(8):
        is_edited(bot, post)
    await reply_text(ann, "/start")  # so that the edits have come
    assert len(bot.server.state.chats[-700].messages) == 1


def test_a_minute_later_all_is_well_and_a_later_flood_is_told_of_again() -> None:
    limits = RateLimits(10)
    assert [limits.verdict("a", 1, 0.0) for _ in range(12)] == [
        *["passes"] * 10,
        "too_fast",
        "silent",
    ]
    assert [limits.verdict("a", 1, 60.0) for _ in range(11)] == [*["passes"] * 10, "too_fast"]


@given(st.lists(st.floats(-1e9, 1e9), max_size=50))
def test_a_clock_that_jumps_locks_nobody_out_for_longer_than_a_minute(jumps: list[float]) -> None:
    limits = RateLimits(3)
    for at in jumps:
        limits.verdict("a", 1, at)
    last = jumps[-1] if jumps else 0.0
    assert limits.verdict("a", 1, last + 61) == "passes"
