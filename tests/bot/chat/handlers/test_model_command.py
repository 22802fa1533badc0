"""/model: who answers."""

from tests.bot.conversation import (
    answer_hashtags,
    labels,
    note,
    reply,
    reply_text,
)
from tests.bot.running import Start
from tests.colours import colour_bundle
from tests.person import Person


async def test_model_shows_who_answers(ann: Person) -> None:
    text = await reply_text(ann, "/model")
    assert "Answers in this chat come from als." in text
    assert "w2v looks at what the photo shows" in text


async def test_model_is_chosen_by_name(ann: Person) -> None:
    assert await reply_text(ann, "/model w2v") == "From now on, answers in this chat come from w2v."
    assert (await answer_hashtags(ann, "red"))[0] == "#reddish1"


async def test_model_is_chosen_by_button(ann: Person) -> None:
    message = await reply(ann, "/model")
    assert labels(message) == ["✓ als", "w2v", "both"]
    assert await note(ann, message, "w2v") == "From now on, answers in this chat come from w2v."
    after = ann.messages[message["message_id"]]
    assert labels(after) == ["als", "✓ w2v", "both"]
    assert "Answers in this chat come from w2v." in after["text"]


async def test_the_chosen_model_may_be_tapped_again(ann: Person) -> None:
    message = await reply(ann, "/model")
    for _ in range(2):
        assert await note(ann, message, "w2v") == "From now on, answers in this chat come from w2v."


async def test_a_model_that_is_not_installed_is_told(start: Start) -> None:
    ann = await (await start(colour_bundle(backends=("als",)))).person()
    assert await reply_text(ann, "/model w2v") == "w2v is not installed here. Installed: als."
    assert await reply_text(ann, "/model <b>") == "I do not know the model <b>. Installed: als."


async def test_choices_hold_through_a_restart(start: Start) -> None:
    first = await start()
    ann = await first.person()
    await reply_text(ann, "/model w2v")
    await reply_text(ann, "/settings 5")
    await first.stop()

    ann = await (await start()).person()
    assert "Answers in this chat come from w2v." in await reply_text(ann, "/model")
    assert await answer_hashtags(ann, "red") == [f"#reddish{number}" for number in range(1, 6)]


async def test_where_the_chosen_model_is_gone_another_answers(start: Start) -> None:
    first = await start()
    await reply_text(await first.person(), "/model w2v")
    await first.stop()

    ann = await (await start(colour_bundle(backends=("als",)))).person()
    assert "Answers in this chat come from als." in await reply_text(ann, "/model")
