"""/review, the block list and /stats, for admins only."""

import pytest
from colours import hashtags, jpeg, labels
from running import Running

from tests.person import Person


@pytest.fixture
async def admin(bot: Running) -> Person:
    return await bot.person(chat=77, name="Admin")


async def said(person: Person, text: str) -> str:
    await person.send_text(text)
    return str((await person.wait_reply())["text"])


async def teach(person: Person, text: str, seed: int = 0) -> None:
    await person.send_photo(jpeg("red", seed), caption=f"/addtags {text}")
    assert "Learnt" in (await person.wait_reply())["text"]


@pytest.mark.parametrize("command", ["/review", "/block word", "/unblock word", "/stats"])
async def test_others_are_kept_out(ann: Person, command: str) -> None:
    assert await said(ann, command) == "This is for the admins of the bot."


async def test_admins_see_their_commands_in_the_menu_once_they_have_written(
    bot: Running, admin: Person
) -> None:
    await said(admin, "/help")
    again = await bot.person(chat=77)
    assert {"review", "block", "unblock", "stats"} <= {entry["command"] for entry in again.commands}


async def test_new_hashtags_wait_for_review_and_are_approved_or_rejected(
    bot: Running, ann: Person, admin: Person
) -> None:
    assert "No new hashtags" in await said(admin, "/review")
    await teach(ann, "#newone #newtwo #red1")
    await admin.send_text("/review")
    shown = await admin.wait_reply()
    assert "2 hashtags waiting" in shown["text"]
    assert "#newone: 1 user, 1 photo" in shown["text"]
    assert "#red1" not in shown["text"]
    note = await admin.wait_callback(await admin.press(shown, "✓ #newone"))
    assert note["text"] == "#newone is approved."
    note = await admin.wait_callback(await admin.press(shown, "✗ #newtwo"))
    assert note["text"] == "#newtwo is rejected."
    assert "No new hashtags" in admin.messages[shown["message_id"]]["text"]


async def test_a_new_hashtag_is_said_elsewhere_only_once_approved(
    bot: Running, ann: Person, admin: Person
) -> None:
    await teach(ann, "#newone")
    # The model has learnt it, and would say it to everyone.
    bot.engine.hashtags.append("newone")
    bot.engine.taught = "newone"
    bob = await bot.person(chat=5)
    for person, expected in ((ann, True), (bob, False)):
        await person.send_photo(jpeg("red", 1))
        assert ("#newone" in hashtags(await person.wait_reply())) is expected
    await admin.send_text("/review")
    shown = await admin.wait_reply()
    await admin.wait_callback(await admin.press(shown, "✓ #newone"))
    await bob.send_photo(jpeg("red", 2))
    assert "#newone" in hashtags(await bob.wait_reply())


async def test_a_blocked_word_is_not_recommended_any_more_and_can_be_allowed_again(
    ann: Person, admin: Person
) -> None:
    await ann.send_photo(jpeg("red"))
    assert "#red1" in hashtags(await ann.wait_reply())
    assert await said(admin, "/block #Red1 !!") == (
        "These can be no hashtag, so nobody needs to block them: !!"
    )
    assert await said(admin, "/block") == "Blocked: red1"
    await ann.send_photo(jpeg("red"))
    answer = await ann.wait_reply()
    assert "#red1" not in hashtags(answer)
    assert len(hashtags(answer)) == 10
    assert await said(admin, "/unblock red1") == "No longer blocked: red1"
    assert "None of these" in await said(admin, "/unblock red1")
    assert "No words are blocked" in await said(admin, "/block")
    await ann.send_photo(jpeg("red"))
    assert "#red1" in hashtags(await ann.wait_reply())


async def test_stats_count_what_happened(ann: Person, admin: Person) -> None:
    for _ in range(2):
        await ann.send_photo(jpeg("red"))
        answer = await ann.wait_reply()
    await ann.wait_callback(await ann.press(answer, "👍"))
    await said(ann, "/addtags #one #two")
    text = await said(admin, "/stats")
    assert text.startswith("1 photo from 1 user\nDuplicates: 1\nAdded: 2 hashtags\n👍 1  👎 0")
    assert "als: 2 answers, half of them within" in text


async def test_an_empty_bot_has_stats_too(admin: Person) -> None:
    assert (await said(admin, "/stats")).startswith("0 photos from 0 users")


async def test_a_long_review_turns_pages(ann: Person, admin: Person) -> None:
    await teach(ann, " ".join(f"#newtag{number}" for number in range(10)))
    await admin.send_text("/review")
    shown = await admin.wait_reply()
    assert "1 of 2" in labels(shown)
    await admin.press(shown, "Next")
    assert "#newtag9" in (await admin.wait_edit(shown))["text"]
