"""A group that becomes a supergroup keeps its settings, labels and answers."""

import pytest

from bot.local.refusals import RefusalError
from tests.bot.conversation import edited, hashtags, reply_text
from tests.bot.running import Running
from tests.bot.telegram_sends import Refusing, arrives, photo
from tests.colours import Pause, jpeg
from tests.person import Person

GROUP, SUPERGROUP = -500, -1_000_000_000_500
MOVED = RefusalError(
    400,
    "Bad Request: group chat was upgraded to a supergroup chat",
    migrate_to_chat_id=SUPERGROUP,
)


@pytest.fixture
async def group(bot: Running) -> Person:
    return await bot.person(chat=GROUP, user=1_001)


@pytest.fixture
async def supergroup(bot: Running) -> Person:
    return await bot.person(chat=SUPERGROUP, user=1_001)


async def moves(bot: Running, told: str) -> None:
    """The bot is told in the group, or in the supergroup."""
    if told == "group":
        arrives(bot, GROUP, {"migrate_to_chat_id": SUPERGROUP})
    else:
        arrives(bot, SUPERGROUP, {"migrate_from_chat_id": GROUP})


async def stays(person: Person, command: str, expected: str) -> None:
    """Until the bot has dealt with the news, which it does beside other updates."""
    for _ in range(20):
        if expected in await reply_text(person, command):
            return
    raise AssertionError(f"{command} never answered {expected!r}")


@pytest.mark.parametrize("told", ["group", "supergroup"])
async def test_settings_move_along(
    bot: Running, group: Person, supergroup: Person, told: str
) -> None:
    await reply_text(group, "/model w2v")
    await moves(bot, told)
    await stays(supergroup, "/model", "Answers in this chat come from w2v")


async def test_what_was_taught_in_the_group_is_answered_in_the_supergroup(
    bot: Running, group: Person, supergroup: Person
) -> None:
    sent = arrives(bot, GROUP, await photo(bot, jpeg("red")))
    await reply_text(group, "/addtags #ourcat", sent)
    await reply_text(group, "/model w2v")
    await moves(bot, "group")
    await stays(supergroup, "/model", "Answers in this chat come from w2v")
    await reply_text(supergroup, "/model als")
    arrives(bot, SUPERGROUP, await photo(bot, jpeg("red"), "/tags"))
    assert "#ourcat" in hashtags(await supergroup.wait_reply())


async def test_the_answer_that_was_on_its_way_arrives(
    bot: Running, group: Person, supergroup: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await reply_text(group, "/model w2v")
    bot.network.before_photo = pause = Pause()
    arrives(bot, GROUP, await photo(bot, jpeg("green"), "/tags"))
    await pause.reached()
    Refusing(monkeypatch, "sendMessage", MOVED, GROUP)
    pause.end()
    message = await supergroup.wait_reply()
    assert hashtags(message)
    assert "reply_to_message" not in message
    # Its buttons know the answer, and the settings have come along.
    assert len(hashtags(await edited(supergroup, message, "More"))) > len(hashtags(message))
    assert "Answers in this chat come from w2v" in await reply_text(supergroup, "/model")


async def test_any_other_answer_arrives_as_well(
    bot: Running, group: Person, supergroup: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    Refusing(monkeypatch, "sendMessage", MOVED, GROUP)
    await group.send_text("/help")
    assert "/model" in (await supergroup.wait_reply())["text"]


async def test_a_tap_on_an_answer_of_the_group_is_told_that_it_is_gone(
    bot: Running, group: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await group.send_photo(jpeg("green"), caption="/tags")
    message = await group.wait_reply()
    Refusing(monkeypatch, "editMessageText", MOVED, GROUP)
    callback = await group.wait_callback(await group.press(message, "More"))
    assert "is gone" in callback["text"]
