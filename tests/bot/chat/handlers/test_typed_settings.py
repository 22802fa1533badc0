"""/settings with what people may type after it: pages' names, sizes, values that contradict."""

import pytest

from bot.chat.texts import LANGUAGES
from tests.bot.conversation import labels, reply, reply_text
from tests.bot.running import Running, Start
from tests.bot.stored_settings import chosen
from tests.colours import colour_bundle
from tests.person import Person


@pytest.fixture
async def bot(start: Start) -> Running:
    return await start(colour_bundle(knowledge=True))


@pytest.mark.parametrize(
    ("name", "shows"),
    [
        *(("size", "Sizes"), ("Sizes", "Sizes"), ("размер", "Sizes"), ("How many", "How many")),
        *(("platform", "Where will you post?"), ("соцсеть", "Where will you post?")),
        *(("language", "Language of"), ("your hashtags", "Your hashtags")),
    ],
)
async def test_the_name_of_a_page_opens_it(ann: Person, name: str, shows: str) -> None:
    message = await reply(ann, f"/settings {name}")
    assert message["text"].startswith(shows)
    assert labels(message)[-1] == "‹ Settings"


async def test_a_page_that_is_not_offered_says_why(ann: Person) -> None:
    assert await reply_text(ann, "/settings style") == (
        "My model has not seen any likes yet, so there is no style to choose."
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", ["niche", "middle", "broad"])
async def test_a_size_may_be_called_as_the_answers_are(
    bot: Running, language: str, size: str
) -> None:
    person = await bot.person(language=language)
    await reply_text(person, f"/settings {LANGUAGES[language].size_names[size]}")
    assert (await chosen(bot)).mix == size


@pytest.mark.parametrize(
    ("typed", "confirmed"),
    [
        ("5 6", "From now on, you get 6 hashtags per photo."),
        ("английский русский", "From now on, the language of hashtags in this chat: Russian."),
        ("none #me", "From now on, on every post: #me"),
    ],
)
async def test_of_values_that_contradict_the_last_counts_and_only_it_is_confirmed(
    ann: Person, typed: str, confirmed: str
) -> None:
    assert await reply_text(ann, f"/settings {typed}") == confirmed


async def test_of_two_platforms_the_last_counts(bot: Running, ann: Person) -> None:
    assert "Instagram" not in await reply_text(ann, "/settings instagram vk")
    assert (await chosen(bot)).platform == "vk"


async def test_the_refusal_names_what_can_be_typed(bot: Running, ann: Person) -> None:
    assert "a size such as “rare first”, English, Russian or both" in await reply_text(
        ann, "/settings nonsense"
    )
    for wanted in ("rare first", "English", "both"):
        assert "From now on" in await reply_text(ann, f"/settings {wanted}")
