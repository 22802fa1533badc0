"""What the bot is not sure about: fewer than five hashtags, or none, and a button that asks."""

import pytest

from bot.chat.texts import LANGUAGES
from recommenders.answers import AnswerRequest
from recommenders.bundle import Bundle
from tests.bot.conversation import (
    GROUP,
    answer,
    below,
    buttons,
    edited,
    hashtags,
    labels,
    note,
    reply,
    reply_text,
)
from tests.bot.running import Running, Start
from tests.colours import BACKBONE, colour_bundle, colour_engine, jpeg, picture


def doubtful(likely: int) -> Bundle:
    """A bundle for which so many hashtags of a red photo are likely enough to be shown."""
    bundle = colour_bundle()
    bundle.settings["ranking"]["default_backend"] = "both"
    engine = colour_engine(bundle)
    features = engine.features([picture("red")], [BACKBONE])
    scores = [hashtag.score for hashtag in engine.answer(features, AnswerRequest("both"))]
    bundle.settings["answers"] = {"floor": (scores[likely - 1] if likely else 2) - 1e-4}
    return bundle


@pytest.fixture
async def three(start: Start) -> Running:
    return await start(doubtful(3))


async def test_fewer_than_five_say_so_and_ask_for_tags(three: Running) -> None:
    message = await answer(await three.person())
    assert len(hashtags(message)) == 3
    assert "not sure about any others" in message["text"]
    assert [[one["text"] for one in row] for row in buttons(message)] == [
        ["Copy", "✎"],
        ["Add tags"],
    ]


async def test_none_says_so_and_asks_for_tags(start: Start) -> None:
    ann = await (await start(doubtful(0))).person()
    message = await answer(ann)
    assert message["text"].startswith("I am not sure what this is.")
    assert labels(message) == ["✎", "Add tags"]
    await ann.press(message, "Add tags")
    prompt = await ann.wait_reply()
    assert "Learnt: #kite" in await reply_text(ann, "#kite", prompt)


async def test_why_tells_how_to_teach_without_a_button(start: Start) -> None:
    ann = await (await start(doubtful(0))).person()
    about = await answer(ann)
    why = await reply(ann, "/why")
    assert "/addtags" in why["text"] and "Add tags" not in why["text"]
    assert "Learnt: #kite" in await reply_text(ann, "/addtags #kite", about)


async def test_where_none_is_sure_what_the_others_say_can_be_seen(start: Start) -> None:
    ann = await (await start(doubtful(0))).person()
    opened = await edited(ann, await answer(ann), "✎")
    assert labels(opened) == ["als", "w2v", "✓ both", "Add tags", "‹ Back"]
    assert hashtags(await edited(ann, opened, "als"))[0] == "#red1"


async def test_of_one_doubtful_model_there_is_only_the_question(start: Start) -> None:
    bundle = colour_bundle(per_colour=1, backends=("als",))
    ann = await (await start(bundle)).person()
    admin = await (await start(bundle)).person(chat=77)
    message = await answer(ann)
    await reply_text(admin, "/block " + " ".join(tag[1:] for tag in hashtags(message)))
    message = await answer(ann, "red", 7)
    assert labels(message) == ["Add tags"]


async def test_what_is_taken_out_of_a_doubtful_answer_is_replaced_by_nothing_unlikely(
    three: Running,
) -> None:
    ann = await three.person()
    message = await answer(ann)
    changed = await below(ann, message, f"✕ {hashtags(message)[1]}")
    assert hashtags(changed) == [hashtags(message)[0], hashtags(message)[2]]


async def test_more_of_an_answer_from_before_there_was_doubt_says_that_there_is_none(
    three: Running,
) -> None:
    ann = await three.person()
    message = await answer(ann)
    number = buttons(message)[1][0]["callback_data"].removeprefix("add:")
    old = {"inline_keyboard": [[{"text": "More like this", "callback_data": f"more:{number}"}]]}
    shown = three.server.state.chats[1_000].messages[message["message_id"]]
    shown["reply_markup"] = ann.messages[message["message_id"]]["reply_markup"] = old
    assert "all I have" in await note(ann, message, "More like this")


async def test_one_hashtag_for_a_place_that_takes_one_is_no_doubt(start: Start) -> None:
    ann = await (await start(doubtful(1))).person()
    await reply_text(ann, "/for threads")
    message = await answer(ann)
    assert len(hashtags(message)) == 1
    assert labels(message) == ["Copy", "More", "✎"]


async def test_behind_five_that_are_sure_more_goes_on_with_what_is_less_likely(
    start: Start,
) -> None:
    ann = await (await start(doubtful(5))).person()
    more = await edited(ann, await answer(ann), "More")
    assert len(hashtags(more)) == 20


async def test_a_doubtful_album_can_be_answered_photo_by_photo(three: Running) -> None:
    ann = await three.person()
    await ann.send_photo([jpeg("red", 0), jpeg("red", 1)])
    assert labels(await ann.wait_reply())[-1] == "Photo by photo"


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_button_is_called_what_the_sentence_calls_it(
    three: Running, language: str
) -> None:
    texts = LANGUAGES[language]
    for sentence in (texts.unsure, texts.nothing_found, texts.all_out, texts.thanks_down):
        assert texts.button_add in sentence
    group = await three.person(**GROUP | {"language": language})
    await group.send_photo(jpeg("red"), caption="/tags")
    message = await group.wait_reply()
    assert labels(message)[-1] == texts.button_add
    assert texts.button_add in message["text"]
