"""What people write under a photo is evidence of what is in it."""

from tests.bot.conversation import answer_hashtags, below, edited, hashtags, reply
from tests.bot.running import Running
from tests.colours import jpeg
from tests.person import Message, Person


async def captioned(person: Person, caption: str, seed: int = 0) -> Message:
    await person.send_photo(jpeg("red", seed), caption=caption)
    return await person.wait_reply()


async def of_both(person: Person) -> list[str]:
    """Five of the red photo's hashtags, by both, without a caption."""
    await reply(person, "/model both")
    await reply(person, "/count 5")
    return await answer_hashtags(person)


async def test_a_hashtag_that_the_caption_names_comes_first(ann: Person) -> None:
    plain = await of_both(ann)
    first, *_ = hashtags(await captioned(ann, "My Red30!"))
    assert first == "#red30" and first not in plain


async def test_a_caption_of_nothing_known_changes_nothing(ann: Person) -> None:
    plain = await of_both(ann)
    assert hashtags(await captioned(ann, "What a lovely day, see you")) == plain


async def test_the_same_photo_is_answered_by_its_caption_of_now(ann: Person) -> None:
    plain = await of_both(ann)
    with_one = hashtags(await captioned(ann, "red30"))
    assert hashtags(await captioned(ann, "red31"))[0] == "#red31"
    assert await answer_hashtags(ann) == plain
    assert hashtags(await captioned(ann, "red30")) == with_one


async def test_the_caption_of_one_photo_is_for_its_whole_album(ann: Person) -> None:
    await of_both(ann)
    await ann.send_photo([jpeg("red", 1), jpeg("red", 2)], caption="#red30")
    assert hashtags(await ann.wait_reply())[0] == "#red30"


async def test_what_stands_behind_tags_in_a_group_counts(bot: Running) -> None:
    group = await bot.person(chat=-500, user=1_001)
    await of_both_in_group(group)
    assert hashtags(await captioned(group, "/tags red30"))[0] == "#red30"


async def of_both_in_group(person: Person) -> None:
    await reply(person, "/model both")


async def test_hashtags_that_a_caption_taught_are_not_read_as_its_words(ann: Person) -> None:
    await of_both(ann)
    (photo,) = await ann.send_photo(jpeg("red", 5), caption="/addtags red30")
    await ann.wait_reply()
    (other,) = await ann.send_photo(jpeg("red", 6), caption="/addtags@nobody red31")
    await reply(ann, "/tags", reply_to=other)
    assert "#red31" not in hashtags(ann.replies()[-1])
    assert photo["message_id"]


async def test_more_hashtags_and_another_backend_keep_to_the_caption(ann: Person) -> None:
    await of_both(ann)
    message = await captioned(ann, "red30 blue30")
    more = hashtags(await edited(ann, message, "More"))
    assert more[:5] == hashtags(message)
    back = await edited(ann, await below(ann, message, "als"), "both")
    assert hashtags(back)[0] == "#red30"
