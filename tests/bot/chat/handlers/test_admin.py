"""/review, the block list and /stats, for admins only."""

import re
import time

import pytest

from recommenders.hashtags import SIGNS
from storage import blocklist, moderation
from tests.bot.conversation import (
    answer,
    answer_hashtags,
    below,
    buttons,
    edited,
    labels,
    note,
    reply,
    reply_text,
)
from tests.bot.running import Running, Start
from tests.colours import jpeg
from tests.person import Person


@pytest.fixture
async def admin(bot: Running) -> Person:
    return await bot.person(chat=77, name="Admin")


async def teach(person: Person, hashtags: str) -> None:
    await person.send_photo(jpeg("red"), caption=f"/addtags {hashtags}")
    assert "Learnt" in (await person.wait_reply())["text"]


@pytest.mark.parametrize("command", ["/review", "/block word", "/unblock word", "/stats"])
async def test_others_are_kept_out(ann: Person, command: str) -> None:
    assert await reply_text(ann, command) == "This is for the admins of the bot."


async def test_admins_see_their_commands_in_the_menu_once_they_have_written(start: Start) -> None:
    bot = await start(menu=True)
    admin = await bot.person(chat=77)
    await reply_text(admin, "/help")
    again = await bot.person(chat=77)
    assert {"review", "block", "unblock", "stats"} <= {entry["command"] for entry in again.commands}


async def test_without_new_hashtags_there_is_nothing_to_review(admin: Person) -> None:
    assert await reply_text(admin, "/review") == "No hashtags are waiting."


async def test_review_lists_what_only_one_person_taught_with_what_the_photo_shows(
    ann: Person, admin: Person
) -> None:
    await teach(ann, "#newone #blue1 #red1")
    # Of a red photo the model finds #red1 likely by itself.
    assert (await reply_text(admin, "/review")).splitlines() == [
        "2 hashtags waiting",
        "#newone (1 user). The photo looks like: #red1 #red2 #red3",
        "#blue1 (1 user). The photo looks like: #red1 #red2 #red3",
    ]


async def test_new_hashtags_are_approved_or_rejected(ann: Person, admin: Person) -> None:
    await teach(ann, "#newone #newtwo")
    review = await reply(admin, "/review")
    assert await note(admin, review, "✓ #newone") == "#newone is approved."
    assert await note(admin, review, "✗ #newtwo") == "#newtwo is rejected."
    assert "No hashtags" in admin.messages[review["message_id"]]["text"]


async def test_a_page_is_decided_at_once(bot: Running, ann: Person, admin: Person) -> None:
    await teach(ann, " ".join(f"#newtag{number}" for number in range(10)))
    review = await reply(admin, "/review")
    assert await note(admin, review, "✗ all 8") == "Rejected: 8 hashtags."
    text = admin.messages[review["message_id"]]["text"]
    assert "2 hashtags waiting" in text and "#newtag7" not in text and "#newtag8" in text
    assert await note(admin, review, "✓ all 2") == "Approved: 2 hashtags."
    bob = await bot.person(chat=5)
    assert {"#newtag8", "#newtag9"} == {
        tag for tag in await answer_hashtags(bob, "red") if "newtag" in tag
    }


async def test_what_came_after_the_page_was_shown_is_not_decided_with_it(
    ann: Person, admin: Person
) -> None:
    await teach(ann, "#newone #newtwo")
    review = await reply(admin, "/review")
    await teach(ann, "#newthree")
    assert await note(admin, review, "✓ all 2") == "Approved: 2 hashtags."
    assert "#newthree" in admin.messages[review["message_id"]]["text"]


async def test_what_comes_back_after_the_page_was_shown_is_not_decided_with_it(
    ann: Person, admin: Person
) -> None:
    await teach(ann, "#newone #newtwo #newthree")
    await note(ann, await edited(ann, await reply(ann, "/mydata"), "My hashtags"), "✕ #newtwo")
    review = await reply(admin, "/review")
    await teach(ann, "#newtwo")
    assert await note(admin, review, "✓ all 2") == "Approved: 2 hashtags."
    assert "#newtwo" in admin.messages[review["message_id"]]["text"]


async def test_all_tapped_twice_at_once_decides_on_the_page_once(
    bot: Running, ann: Person, admin: Person
) -> None:
    await teach(ann, "#newone #newtwo #newthree")
    await note(ann, await edited(ann, await reply(ann, "/mydata"), "My hashtags"), "✕ #newtwo")
    review = await reply(admin, "/review")
    approve_all = buttons(review)[-1][0]["callback_data"]
    await teach(ann, "#newtwo")
    await note(admin, review, "✓ all 2")
    state, shown = bot.server.state, admin.messages[review["message_id"]]
    again = state.press(state.chats[77], admin.user, shown, approve_all)
    assert "too old" in (await admin.wait_callback(again))["text"]
    assert "#newtwo" in await reply_text(admin, "/review")


async def test_a_decision_that_was_taken_before_is_stale(ann: Person, admin: Person) -> None:
    await teach(ann, "#newone")
    first, second = await reply(admin, "/review"), await reply(admin, "/review")
    await note(admin, first, "✓ #newone")
    assert "too old" in await note(admin, second, "✗ #newone")


async def test_a_new_hashtag_is_recommended_in_its_own_chat_only(bot: Running, ann: Person) -> None:
    await teach(ann, "#newone")
    bob = await bot.person(chat=5)
    assert "#newone" in await answer_hashtags(ann, "red", 1)
    assert "#newone" not in await answer_hashtags(bob, "red", 1)


async def test_an_approved_hashtag_is_recommended_everywhere(
    bot: Running, ann: Person, admin: Person
) -> None:
    await teach(ann, "#newone")
    await note(admin, await reply(admin, "/review"), "✓ #newone")
    bob = await bot.person(chat=5)
    assert "#newone" in await answer_hashtags(bob, "red", 2)


async def test_a_blocked_word_is_not_recommended_any_more(ann: Person, admin: Person) -> None:
    assert "#red1" in await answer_hashtags(ann, "red")
    await reply_text(admin, "/block red1")
    hashtags = await answer_hashtags(ann, "red")
    assert "#red1" not in hashtags
    assert len(hashtags) == 10


async def test_a_list_of_blocked_and_allowed_words_of_any_length_fits_a_message(
    bot: Running, admin: Person
) -> None:
    async with bot.database.session() as session:
        for number in range(300):
            await moderation.block(session, f"{number:03}blocked", 1)
        for word in sorted(blocklist.shipped("block")):
            await moderation.unblock(session, word, 1)
    assert "000blocked" in await reply_text(admin, "/block")


@pytest.mark.parametrize("sign", SIGNS)
async def test_what_can_be_no_hashtag_need_not_be_blocked(admin: Person, sign: str) -> None:
    both = await reply_text(admin, f"/block {sign}Red1 !!")
    how = "word* blocks all that begin with it, *word* all that contain it."
    assert both.splitlines() == ["Blocked: red1", how, "These cannot be hashtags anyway: !!"]
    assert (await reply_text(admin, "/block")).splitlines()[0] == "Blocked: red1"


@pytest.mark.parametrize(
    ("blocked", "told"),
    [
        (
            "закат",
            [
                "Запрещено: закат",
                "слово* запретит всё, что с него начинается, а *слово* — всё, где оно есть.",
            ],
        ),
        ("закат*", ["Запрещено: закат*"]),
    ],
)
async def test_one_blocked_word_is_told_with_how_to_block_more(
    bot: Running, blocked: str, told: list[str]
) -> None:
    admin = await bot.person(chat=77, name="Admin", language="ru")
    assert (await reply_text(admin, f"/block {blocked}")).splitlines() == told


async def test_what_can_be_no_hashtag_cannot_be_unblocked_either(admin: Person) -> None:
    await reply_text(admin, "/block red1")
    anyway = "These cannot be hashtags anyway: !!"
    both = await reply_text(admin, "/unblock red1 !!")
    assert both.splitlines() == ["No longer blocked: red1", anyway]
    neither = await reply_text(admin, "/unblock red1 !!")
    assert neither.splitlines() == ["None of these is blocked. /block shows the list.", anyway]


@pytest.mark.parametrize("expression", ["(a+)+$", "[a-z]*b", "a|b"])
async def test_a_regular_expression_is_no_word_to_block(admin: Person, expression: str) -> None:
    assert "cannot be hashtags" in await reply_text(admin, f"/block {expression}")


async def test_a_word_of_the_list_that_ships_can_be_allowed(ann: Person, admin: Person) -> None:
    assert "blocks" in await reply_text(admin, "/block")
    assert await reply_text(admin, "/unblock weed") == "No longer blocked: weed"
    await ann.send_photo(jpeg("green"), caption="/addtags #weed")
    assert "Learnt: #weed" in (await ann.wait_reply())["text"]
    assert "Allowed, though on that list: weed" in await reply_text(admin, "/block")


async def test_a_shipped_word_that_is_blocked_again_is_blocked(ann: Person, admin: Person) -> None:
    await reply_text(admin, "/unblock weed")
    await reply_text(admin, "/block weed")
    await ann.send_photo(jpeg("green"), caption="/addtags #weed")
    assert "Not welcome here: #weed" in (await ann.wait_reply())["text"]


async def test_a_word_that_is_allowed_again_is_recommended_again(
    ann: Person, admin: Person
) -> None:
    await reply_text(admin, "/block red1")
    assert await reply_text(admin, "/unblock red1") == "No longer blocked: red1"
    assert "You have blocked no words" in await reply_text(admin, "/block")
    assert "#red1" in await answer_hashtags(ann, "red")


async def test_to_unblock_a_word_that_a_pattern_blocks_the_pattern_is_named(
    ann: Person, admin: Person
) -> None:
    await reply_text(admin, "/block *bis cannabis")
    kept = "cannabis is blocked by *bis cannabis*. To allow all of that: /unblock *bis cannabis*"
    assert await reply_text(admin, "/unblock cannabis red1") == kept
    assert (await reply_text(admin, "/unblock *bis cannabis*")).startswith("No longer blocked")
    await ann.send_photo(jpeg("green"), caption="/addtags #cannabis")
    assert "Learnt: #cannabis" in (await ann.wait_reply())["text"]


async def test_three_hundred_words_to_unblock_do_not_hold_up_the_bot(admin: Person) -> None:
    words = " ".join(f"word{number}" for number in range(300))
    began = time.process_time()
    assert "None of these" in await reply_text(admin, f"/unblock {words}")
    assert time.process_time() - began < 1


async def test_unblock_alone_shows_the_list_as_block_does(admin: Person) -> None:
    await reply_text(admin, "/block red1")
    assert await reply_text(admin, "/unblock") == await reply_text(admin, "/block")


async def test_a_word_that_is_not_blocked_cannot_be_unblocked(admin: Person) -> None:
    assert "None of these" in await reply_text(admin, "/unblock red1")


async def test_stats_count_what_happened(bot: Running, ann: Person, admin: Person) -> None:
    await answer(ann, "red")
    await below(ann, await answer(ann, "red"), "👍")
    await reply_text(ann, "/addtags #one #two")
    text = await reply_text(admin, "/stats")
    assert text.startswith("1 photo, 1 user\nDuplicates: 1\nAdded: 2 hashtags\n👍 1  👎 0")
    assert re.search(r"als: answers 2, half within \d+ ms, 95 % within \d+ ms, 👍 1  👎 0", text)
    assert f"{bot.services.engine.model} is in use. Labels: 2, learnt: 0." in text
    assert "• waiting for a second person: 2" in text
    assert "Next fine-tuning: when somebody runs tag4pic train finetune." in text


async def test_where_only_known_photos_were_answered_stats_tell_no_times(
    ann: Person, admin: Person
) -> None:
    await answer(ann, "red")
    await reply_text(ann, "/model w2v")
    await answer(ann, "red")
    assert "\nw2v: answers 1, 👍 0  👎 0\n" in await reply_text(admin, "/stats")


async def test_an_empty_bot_has_stats_too(admin: Person) -> None:
    assert (await reply_text(admin, "/stats")).startswith("0 photos, 0 users")


async def test_a_long_review_turns_pages(ann: Person, admin: Person) -> None:
    await teach(ann, " ".join(f"#newtag{number}" for number in range(10)))
    review = await reply(admin, "/review")
    assert "1 of 2" in labels(review)
    assert "#newtag9" in (await edited(admin, review, "Next"))["text"]
