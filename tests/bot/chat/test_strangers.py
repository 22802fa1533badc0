"""What strangers teach: nobody's answers change by what one person says, nor by two who insult."""

from collections.abc import Callable

import pytest

from tests.bot.conversation import (
    BOB_IN_GROUP,
    GROUP,
    answer_hashtags,
    edited,
    hashtags,
    note,
    reply,
    reply_text,
)
from tests.bot.running import Running, Start
from tests.colours import colour_bundle, encoded, jpeg, picture
from tests.person import Person

INSULTS = {"#gorilla", "#monkey", "#pig"}


def portrait() -> bytes:
    return jpeg("red", 7)


def cropped_portrait() -> bytes:
    return encoded(picture("red", 7).crop((10, 8, 310, 233)), quality=80)


async def teach(person: Person, photo: bytes, tags: str) -> str:
    await person.send_photo(photo, caption=f"/addtags {tags}")
    return str((await person.wait_reply())["text"])


async def answer_to(person: Person, photo: bytes) -> set[str]:
    """The hashtags of an answer, those that "More" adds among them."""
    await person.send_photo(photo, caption="/tags")
    message = await edited(person, await person.wait_reply(), "More")
    return set(hashtags(message))


@pytest.fixture
async def bob(bot: Running) -> Person:
    return await bot.person(chat=2_000, name="Bob")


@pytest.fixture
async def eve(bot: Running) -> Person:
    return await bot.person(chat=3_000, name="Eve")


@pytest.mark.parametrize("photo", [portrait, cropped_portrait])
async def test_what_one_person_teaches_nobody_else_sees(
    ann: Person, bob: Person, photo: Callable[[], bytes]
) -> None:
    assert "Learnt: #gorilla #monkey #pig" in await teach(ann, portrait(), "#gorilla #monkey #pig")
    assert await answer_to(ann, photo()) >= INSULTS
    assert INSULTS.isdisjoint(await answer_to(bob, photo()))
    assert "gorilla" not in await reply_text(bob, "/why")


async def test_nor_after_a_restart(start: Start) -> None:
    bot = await start()
    await teach(await bot.person(), portrait(), "#gorilla")
    await bot.stop()
    bot = await start()
    await bot.services.learner.start()
    assert "#gorilla" in await answer_to(await bot.person(), portrait())
    assert "#gorilla" not in await answer_to(await bot.person(chat=2_000), portrait())


async def test_what_a_second_person_teaches_of_a_copy_is_everybodys(
    ann: Person, bob: Person, eve: Person
) -> None:
    await teach(ann, portrait(), "#beret")
    assert "#beret" not in await answer_to(eve, portrait())
    confirmation = await teach(bob, jpeg("red", 7, (480, 360)), "#beret #scarf")
    assert "only in your chats: #scarf" in confirmation
    await answer_to(bob, portrait())
    assert "#beret" in await answer_to(eve, cropped_portrait())


async def test_it_is_ones_own_again_once_the_other_takes_it_back(
    ann: Person, bob: Person, eve: Person
) -> None:
    for person in (ann, bob):
        await teach(person, portrait(), "#beret")
    await edited(bob, await reply(bob, "/mytags"), "✕ #beret")
    assert "#beret" not in await answer_to(bob, portrait())
    assert "#beret" not in await answer_to(eve, portrait())
    assert "#beret" in await answer_to(ann, portrait())


async def test_two_accounts_do_not_make_an_insult_everybodys_but_an_admin_may(
    bot: Running, ann: Person, bob: Person, eve: Person
) -> None:
    for person in (ann, bob):
        await teach(person, portrait(), "#gorilla")
    assert "#gorilla" not in await answer_to(eve, portrait())
    admin = await bot.person(chat=77)
    review = await reply(admin, "/review")
    assert "#gorilla (2 users). The photo looks like: #red1 #red2 #red3" in review["text"]
    await note(admin, review, "✓ #gorilla")
    assert "#gorilla" in await answer_to(eve, portrait())


async def test_nor_do_they_in_disguise_or_among_other_words(
    ann: Person, bob: Person, eve: Person
) -> None:
    disguised = {"#g0rilla", "#go_ril_la", "#gоrilla", "#gorrrrilla", "#fat_pig", "#big_gorilla"}
    for person in (ann, bob):
        await teach(person, portrait(), " ".join(disguised))
    assert disguised.isdisjoint(await answer_to(eve, portrait()))
    assert "#fat_pig" in await answer_to(bob, portrait())


async def test_nor_a_word_with_letters_of_a_third_script(
    ann: Person, bob: Person, eve: Person
) -> None:
    disguised = {"#gꭺrilla", "#ꓐꓮꓓword", "#my_pꭵg"}
    for person in (ann, bob):
        await teach(person, portrait(), " ".join([*disguised, "#tシャツ"]))
    answer = await answer_to(eve, portrait())
    assert "#tシャツ" in answer and disguised.isdisjoint(answer)


async def test_what_an_admin_rejects_stays_with_who_taught_it(
    bot: Running, ann: Person, bob: Person, eve: Person
) -> None:
    await teach(ann, portrait(), "#beret")
    admin = await bot.person(chat=77)
    await note(admin, await reply(admin, "/review"), "✗ #beret")
    await teach(bob, portrait(), "#beret")
    assert "#beret" not in await answer_to(eve, portrait())
    assert "#beret" in await answer_to(ann, portrait())


async def test_what_the_model_finds_likely_anyhow_waits_for_nobody(
    ann: Person, bot: Running
) -> None:
    assert "in your chats" not in await teach(ann, portrait(), "#red2")
    assert "No hashtags" in await reply_text(await bot.person(chat=77), "/review")


async def test_an_albums_hashtags_never_become_each_photos_for_others(
    bot: Running, ann: Person, bob: Person, eve: Person
) -> None:
    album = [portrait(), jpeg("blue", 8)]
    for person in (ann, bob):
        await person.send_photo(album, caption="/addtags #holiday")
        assert "only in your chats" in (await person.wait_reply())["text"]
    for photo in album:
        assert "#holiday" in await answer_to(bob, photo)
        assert "#holiday" not in await answer_to(eve, photo)
    assert "No hashtags" in await reply_text(await bot.person(chat=77), "/review")


async def test_a_hashtag_of_an_album_given_to_one_of_its_photos_too_counts_for_that_photo(
    bot: Running, ann: Person, bob: Person, eve: Person
) -> None:
    album = [portrait(), jpeg("blue", 8)]
    for person in (ann, bob):
        photo, _ = await person.send_photo(album, caption="/addtags #holiday")
        await person.wait_reply()
        assert "Learnt: #holiday" in await reply_text(person, "/addtags #holiday", photo)
    assert "#holiday" in await answer_to(eve, album[0])
    assert "#holiday" not in await answer_to(eve, album[1])


async def test_what_a_group_is_taught_poisons_no_other_chat(bot: Running, ann: Person) -> None:
    await teach(await bot.person(**GROUP), portrait(), "#beret")
    assert "#beret" in await answer_to(await bot.person(**BOB_IN_GROUP), portrait())
    bob_alone = await bot.person(chat=BOB_IN_GROUP["user"])
    assert "#beret" not in await answer_to(bob_alone, portrait())
    assert "#beret" not in await answer_to(ann, portrait())
    # Who taught it sees it in private, too.
    assert "#beret" in await answer_to(await bot.person(chat=GROUP["user"]), portrait())


async def test_what_is_taught_in_private_does_not_show_in_a_group(bot: Running) -> None:
    alone, in_group = await bot.person(chat=GROUP["user"]), await bot.person(**GROUP)
    await teach(alone, portrait(), "#beret")
    assert "#beret" not in await answer_to(in_group, portrait())


async def test_what_a_stranger_taught_is_not_even_known(start: Start) -> None:
    bot = await start(colour_bundle(knowledge=True))
    ann, bob = await bot.person(), await bot.person(chat=2_000)
    await teach(ann, portrait(), "#beret")
    assert "#beret" in await reply_text(ann, "my beret")
    assert "#beret" not in await reply_text(bob, "my beret")


@pytest.mark.parametrize(("taught", "text"), [("#red1red2", "red1 red2"), ("#red1s", "red1")])
async def test_what_a_stranger_taught_changes_no_answer_to_a_text(
    start: Start, taught: str, text: str
) -> None:
    bot = await start(colour_bundle(knowledge=True))
    ann, bob = await bot.person(), await bot.person(chat=2_000)
    before = hashtags(await reply(bob, text))
    assert "#red2" in before or "#red1" in before
    await teach(ann, portrait(), taught)
    await answer_to(ann, portrait())
    assert hashtags(await reply(bob, text)) == before


@pytest.mark.parametrize("caption", ["red30 red31", "red30"])
async def test_nor_to_a_photo_with_a_caption(start: Start, caption: str) -> None:
    bot = await start(colour_bundle(knowledge=True))
    ann, bob = await bot.person(), await bot.person(chat=2_000)
    for person in (ann, bob):
        await reply_text(person, "/model both")
    await bob.send_photo(jpeg("red", 3), caption=caption)
    before = hashtags(await bob.wait_reply())
    await teach(ann, portrait(), "#red30red31 #red30s")
    await answer_to(ann, portrait())
    await bob.send_photo(jpeg("red", 3), caption=caption)
    assert hashtags(await bob.wait_reply()) == before


async def test_what_was_forgotten_in_a_group_is_nobodys_after_a_restart(start: Start) -> None:
    bot = await start()
    ann = await bot.person(**GROUP)
    await teach(ann, portrait(), "#beret")
    bob = await bot.person(**BOB_IN_GROUP)
    await bob.send_photo(portrait(), caption="/tags")
    assert "#beret" in hashtags(await bob.wait_reply())
    ann = await bot.person(**GROUP)
    await edited(ann, await reply(ann, "/forget"), "Yes")
    await bot.services.learner.finished()
    await bot.stop()
    bot = await start()
    await bot.services.learner.start()
    for person in (await bot.person(**BOB_IN_GROUP), await bot.person(chat=3_000)):
        await person.send_photo(portrait(), caption="/tags")
        assert "#beret" not in hashtags(await person.wait_reply())


async def test_what_a_stranger_taught_takes_no_word_from_others(start: Start) -> None:
    bot = await start(colour_bundle(knowledge=True))
    ann, bob = await bot.person(), await bot.person(chat=2_000)
    before = hashtags(await reply(bob, "red30 red31"))
    await teach(ann, portrait(), "#red30red31")
    assert hashtags(await reply(bob, "red30 red31")) == before
    first = hashtags(await reply(ann, "red30 red31"))[:3]
    assert sorted(first) == ["#red30", "#red30red31", "#red31"]


async def test_what_was_forgotten_is_nobodys(ann: Person, eve: Person) -> None:
    await teach(ann, portrait(), "#beret")
    await edited(ann, await reply(ann, "/forget"), "Yes")
    assert "#beret" not in await answer_hashtags(ann, "red", 7)
    assert "#beret" not in await answer_hashtags(eve, "red", 7)
