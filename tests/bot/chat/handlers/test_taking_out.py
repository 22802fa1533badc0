"""Taking single hashtags out of an answer, below ✎."""

import asyncio

import pytest

from storage import labels as stored_labels
from storage import recommendations
from storage.tables import TakenOut
from tests.bot.conversation import (
    BOB_IN_GROUP,
    GROUP,
    answer,
    answer_hashtags,
    below,
    copied_by,
    edited,
    hashtags,
    labels,
    note,
    reply_text,
)
from tests.bot.running import Running, Start
from tests.colours import colour_bundle, jpeg
from tests.person import Message, Person


async def take_out(person: Person, message: Message, *tags: str) -> Message:
    """Opens an answer and takes hashtags out of it."""
    message = await edited(person, message, "✎")
    for tag in tags:
        message = await edited(person, message, f"✕ {tag}")
    return message


async def of_words(start: Start, **words: str) -> Person:
    """Somebody whose bot has these words in place of hashtags of the bundle."""
    bundle = colour_bundle()
    for tag, word in words.items():
        bundle.hashtags[bundle.hashtags.index(tag)] = word
    return await (await start(bundle)).person()


async def test_a_hashtag_is_taken_out_and_the_next_best_moves_up(ann: Person) -> None:
    changed = await take_out(ann, await answer(ann), "#red2")
    assert hashtags(changed) == ["#red1", *(f"#red{number}" for number in range(3, 12))]
    assert changed["text"].startswith("Best five\n#red1 #red3 #red4 #red5 #red6\n")
    assert "✕ #red2" not in labels(changed)


async def test_copy_no_longer_copies_it(ann: Person) -> None:
    changed = await edited(ann, await take_out(ann, await answer(ann), "#red2"), "‹ Back")
    assert copied_by(changed, "Copy") == "#red1 #red3 #red4 #red5 #red6"


async def test_that_it_is_out_is_said(ann: Person) -> None:
    opened = await edited(ann, await answer(ann), "✎")
    assert await note(ann, opened, "✕ #red2") == "#red2 is out."


async def test_who_took_what_out_is_stored_as_feedback_on_the_hashtag(
    bot: Running, ann: Person
) -> None:
    message = await answer(ann)
    await take_out(ann, message, "#red2", "#red1")
    async with bot.database.reading() as session:
        (stored,) = await recommendations.of_message(session, 1_000, message["message_id"])
    assert [(one.hashtag, one.user_id) for one in stored.taken_out] == [
        ("red2", 1_000),
        ("red1", 1_000),
    ]


async def test_it_does_not_come_back_for_that_photo_in_that_chat(ann: Person) -> None:
    changed = await take_out(ann, await answer(ann), "#red2")
    for _ in range(2):
        assert await answer_hashtags(ann) == hashtags(changed)
    await ann.send_photo(jpeg("red", 0, (426, 320)))  # a copy
    assert hashtags(await ann.wait_reply()) == hashtags(changed)
    assert "#red2" in await answer_hashtags(ann, "red", 7)


async def test_nor_in_more_nor_from_another_model(ann: Person) -> None:
    changed = await take_out(ann, await answer(ann), "#red2")
    assert "#red2" not in hashtags(await edited(ann, changed, "both"))
    changed = await edited(ann, await edited(ann, changed, "‹ Back"), "More")
    assert "#red2" not in hashtags(changed)


async def test_in_other_chats_it_stays(bot: Running, ann: Person) -> None:
    message = await answer(ann)
    await take_out(ann, message, "#red2")
    await answer(ann)
    assert await answer_hashtags(await bot.person(chat=2_000)) == hashtags(message)


async def test_it_can_be_put_back_where_it_stood(ann: Person) -> None:
    message = await answer(ann)
    changed = await take_out(ann, message, "#red2", "#red5")
    assert "↩ #red5" in labels(changed)
    changed = await edited(ann, await edited(ann, changed, "↩ #red5"), "↩ #red2")
    assert hashtags(changed) == hashtags(message)
    assert not any("↩" in label for label in labels(changed))
    assert await answer_hashtags(ann) == hashtags(message)


async def test_who_teaches_it_for_the_photo_gets_it_again(ann: Person) -> None:
    await take_out(ann, await answer(ann), "#red2")
    await reply_text(ann, "/addtags #red2")
    assert "#red2" in await answer_hashtags(ann)


@pytest.mark.parametrize("taught", ["SEA", "seas", "море"])
async def test_who_teaches_another_form_of_it_or_its_translation_gets_it_again(
    start: Start, taught: str
) -> None:
    ann = await of_words(start, red1="sea")
    await take_out(ann, await answer(ann), "#sea")
    await reply_text(ann, f"/addtags #{taught}")
    assert "#sea" in await answer_hashtags(ann)


async def test_another_spelling_of_what_was_taken_out_does_not_move_up(start: Start) -> None:
    ann = await of_words(start, red1="sea", red11="seas")
    changed = await take_out(ann, await answer(ann), "#sea")
    assert hashtags(changed)[-1] == "#red12"
    assert await answer_hashtags(ann) == hashtags(changed)


async def test_another_word_of_what_was_taken_out_still_comes(start: Start) -> None:
    ann = await of_words(start, red1="boy", red2="girl")
    await take_out(ann, await answer(ann), "#boy")
    assert "#girl" in await answer_hashtags(ann)


async def test_what_moves_up_is_of_no_family_that_the_best_five_have(start: Start) -> None:
    ann = await of_words(start, red1="sea", red2="seas")
    message = await answer(ann)
    assert hashtags(message)[:6] == ["#sea", "#red3", "#red4", "#red5", "#red6", "#seas"]
    changed = await take_out(ann, message, "#red4")
    assert hashtags(changed)[:6] == ["#sea", "#red3", "#red5", "#red6", "#red7", "#seas"]
    assert "✕ #red7" in labels(changed) and "✕ #seas" not in labels(changed)
    why = await reply_text(ann, "/why")
    assert "#red7" in why and "#seas" not in why.split("←")[0]
    assert hashtags(await edited(ann, changed, "↩ #red4")) == hashtags(message)


async def test_two_in_a_group_take_out_the_same_and_another_at_once(bot: Running) -> None:
    ann, bob = await bot.person(**GROUP), await bot.person(**BOB_IN_GROUP)
    await ann.send_photo(jpeg("red"), caption="/tags")
    opened = await edited(ann, await ann.wait_reply(), "✎")
    taps = await asyncio.gather(
        ann.press(opened, "✕ #red2"),
        bob.press(opened, "✕ #red2"),
        bob.press(opened, "✕ #red4"),
    )
    await asyncio.gather(
        ann.wait_callback(taps[0]), bob.wait_callback(taps[1]), bob.wait_callback(taps[2])
    )
    shown = hashtags(ann.messages[opened["message_id"]])
    assert shown == ["#red1", "#red3", *(f"#red{number}" for number in range(5, 13))]


async def test_a_tap_on_a_keyboard_of_a_moment_ago_takes_out_what_it_says(
    bot: Running, ann: Person
) -> None:
    opened = await edited(ann, await answer(ann), "✎")
    await edited(ann, opened, "✕ #red1")
    ann.messages[opened["message_id"]] = opened  # which this person still sees
    bot.server.state.chats[1_000].messages[opened["message_id"]] = opened
    assert await note(ann, opened, "✕ #red2") == "#red2 is out."


async def test_the_last_hashtag_taken_out_leaves_a_way_to_teach_and_back(start: Start) -> None:
    ann = await (await start(colour_bundle(per_colour=1, backends=("als",)))).person()
    message = await answer(ann)
    tags = hashtags(message)
    changed = await take_out(ann, message, *tags)
    assert changed["text"].startswith("Nothing is left of this answer.")
    assert labels(changed) == [f"↩ {tags[-1]}", "Add tags", "‹ Back"]
    closed = await edited(ann, changed, "‹ Back")
    assert labels(closed) == ["✎", "Add tags"]
    assert hashtags(await below(ann, closed, f"↩ {tags[-1]}")) == tags[-1:]


async def test_an_answer_of_a_model_of_other_features_only_gets_shorter(
    bot: Running, ann: Person
) -> None:
    message = await answer(ann)
    bot.services.engine.backbones = dict.fromkeys(bot.services.engine.backends, ("resnet50",))
    changed = await take_out(ann, message, "#red2")
    assert hashtags(changed) == [tag for tag in hashtags(message) if tag != "#red2"]


async def test_what_a_person_took_out_is_forgotten_with_them(bot: Running, ann: Person) -> None:
    await take_out(ann, await answer(ann), "#red2")
    await note(ann, await _asked_to_forget(ann), "Yes, delete it")
    async with bot.database.reading() as session:
        assert await session.get(TakenOut, (1, "red2")) is None
        assert not (await stored_labels.mine(session, 1_000)).items


async def _asked_to_forget(person: Person) -> Message:
    await person.send_text("/forget")
    return await person.wait_reply()
