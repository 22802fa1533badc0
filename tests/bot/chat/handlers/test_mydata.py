"""/mydata: what is stored of a person, to see, to take along and to delete."""

import json
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest

from bot.local.refusals import RefusalError
from tests.bot.conversation import (
    BOB_IN_GROUP,
    GROUP,
    answer,
    answer_hashtags,
    edited,
    labels,
    note,
    reply,
    reply_text,
)
from tests.bot.running import Running
from tests.bot.stored_labels import stored_labels
from tests.bot.telegram_sends import Refusing
from tests.colours import jpeg
from tests.person import Message, Person


async def my_tags(person: Person) -> Message:
    """The page of the hashtags that a person taught."""
    return await edited(person, await reply(person, "/mydata"), "My hashtags")


async def exported(person: Person, message: Message) -> dict[str, Any]:
    """The tables of an export."""
    tables = json.loads(await person.download(message["document"]))
    assert isinstance(tables, dict)
    return tables


async def delete_all(person: Person, decision: str) -> Message:
    """Asks to delete all, and decides."""
    question = await edited(person, await reply(person, "/mydata"), "Delete all")
    return await edited(person, question, decision)


async def test_it_says_how_much_is_stored(ann: Person, photo: Message) -> None:
    await reply_text(ann, "/addtags #one #two")
    await note(ann, await edited(ann, await answer(ann, "blue"), "✎"), "👍")
    text = await reply_text(ann, "/mydata")
    for line in ("2 photos", "2 hashtags you taught me", "1 vote on my answers"):
        assert line in text


@pytest.mark.parametrize(("days", "after"), [(1, "after 1 day."), (400, "after 400 days.")])
async def test_it_says_when_answers_are_deleted(
    bot: Running, ann: Person, monkeypatch: pytest.MonkeyPatch, days: int, after: str
) -> None:
    monkeypatch.setattr(bot.services.settings, "keep_days", days)
    assert after in await reply_text(ann, "/mydata")


async def test_spellings_of_one_hashtag_count_as_one_as_in_the_list(
    ann: Person, photo: Message
) -> None:
    await reply_text(ann, "/addtags #straße")
    await answer(ann, "blue")
    await reply_text(ann, "/addtags #strasse")
    assert "1 hashtag you taught me" in await reply_text(ann, "/mydata")
    assert "1 hashtag" in (await my_tags(ann))["text"]


async def test_the_hashtags_of_who_taught_nothing_are_none(ann: Person) -> None:
    message = await my_tags(ann)
    assert "not taught me" in message["text"]
    assert "What I store" in (await edited(ann, message, "‹ My data"))["text"]


async def test_hashtags_are_listed_a_page_at_a_time(ann: Person, photo: Message) -> None:
    await reply_text(ann, "/addtags " + " ".join(f"tag{number}" for number in range(10)))
    first = await my_tags(ann)
    assert "10 hashtags" in first["text"]
    assert "✕ #tag0" in labels(await edited(ann, first, "Next"))


async def test_a_hashtag_is_removed(bot: Running, ann: Person, photo: Message) -> None:
    await reply_text(ann, "/addtags #one #two")
    mine = await my_tags(ann)
    assert await note(ann, mine, "✕ #one") == "#one is removed."
    assert "1 hashtag" in ann.messages[mine["message_id"]]["text"]
    assert await stored_labels(bot.database, photo) == [["two"]]


async def test_a_removed_hashtag_is_no_longer_recommended(ann: Person, photo: Message) -> None:
    await reply_text(ann, "/addtags #one #two")
    await note(ann, await my_tags(ann), "✕ #one")
    hashtags = await answer_hashtags(ann, "red")
    assert "#two" in hashtags and "#one" not in hashtags


async def test_an_export_is_a_file_with_all_that_is_stored(ann: Person, photo: Message) -> None:
    await reply_text(ann, "/addtags #one #два")
    await reply_text(ann, "/settings #mybrand")
    await ann.press(await reply(ann, "/mydata"), "Export")
    message = await ann.wait_reply()
    assert message["document"]["file_name"].endswith(".json")
    assert message["caption"] == "Everything I store about you."
    tables = await exported(ann, message)
    assert {row["hashtag"] for row in tables["labels"]} == {"one", "два"}
    assert tables["chats"][0]["own_hashtags"] == ["mybrand"]
    assert len(tables["photos"]) == 1
    assert tables["recommendations"][0]["hashtags"][0][0] == "red1"


async def test_an_export_tells_nothing_of_others_who_sent_the_same_photo(bot: Running) -> None:
    ann, bob = await bot.person(), await bot.person(chat=1_002, name="Bob")
    await answer(ann, "red")
    await answer(bob, "red")
    await answer(bob, "blue")
    await bob.press(await reply(bob, "/mydata"), "Export")
    tables = await exported(bob, await bob.wait_reply())
    red, blue = tables["photos"]
    assert "at" not in red and "at" in blue
    assert {row["photo_id"] for row in tables["photo_files"]} == {blue["id"]}


async def test_an_export_that_telegram_would_not_take_is_packed(
    ann: Person, photo: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.chat.handlers.mydata.LARGEST_UPLOAD", 100)
    await ann.press(await reply(ann, "/mydata"), "Export")
    document = (await ann.wait_reply())["document"]
    assert document["file_name"].endswith(".json.zip")
    with ZipFile(BytesIO(await ann.download(document))) as archive:
        (name,) = archive.namelist()
        assert name.endswith(".json") and len(json.loads(archive.read(name))["photos"]) == 1


async def test_who_asks_for_more_than_telegram_takes_is_told_at_once(
    ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    mydata = await reply(ann, "/mydata")
    too_large = RefusalError(413, "Request Entity Too Large")
    refusing = Refusing(monkeypatch, "sendDocument", too_large, times=2)
    assert "larger than" in str((await reply(ann, "/export")).get("text"))
    assert "larger than" in await note(ann, mydata, "Export")
    assert refusing.refused == 2


async def test_nothing_is_exported_into_a_group(bot: Running) -> None:
    group = await bot.person(**GROUP)
    assert not any("Export" in label for label in labels(await reply(group, "/mydata")))
    assert "Only in private" in await reply_text(group, "/export")


async def test_nobody_else_uses_ones_buttons(bot: Running) -> None:
    ann, bob = await bot.person(**GROUP), await bot.person(**BOB_IN_GROUP)
    (photo,) = await ann.send_photo(jpeg("blue"))
    await reply_text(ann, "/addtags #sky", photo)
    assert await note(bob, await reply(ann, "/mydata"), "My hashtags") == "This is someone else’s."
    assert await note(bob, await my_tags(ann), "✕ #sky") == "This is someone else’s."
    await note(bob, await edited(ann, await reply(ann, "/mydata"), "Delete all"), "Yes")
    assert await stored_labels(bot.database, photo) == [["sky"]]


async def test_nothing_is_deleted_after_no(bot: Running, ann: Person, photo: Message) -> None:
    await reply_text(ann, "/addtags #one")
    assert "Nothing was deleted" in (await delete_all(ann, "No"))["text"]
    assert await stored_labels(bot.database, photo) == [["one"]]


async def test_everything_is_deleted_after_yes(bot: Running, ann: Person, photo: Message) -> None:
    await reply_text(ann, "/addtags #one")
    assert "Nothing about you is stored" in (await delete_all(ann, "Yes"))["text"]
    assert await stored_labels(bot.database, photo) == []
    assert "0 photos" in await reply_text(ann, "/mydata")


async def test_what_is_forgotten_is_no_longer_recommended(ann: Person, photo: Message) -> None:
    await reply_text(ann, "/addtags #one")
    await delete_all(ann, "Yes")
    assert "#one" not in await answer_hashtags(ann, "red")


async def test_a_forgotten_photo_is_not_ones_last_one(ann: Person, photo: Message) -> None:
    await delete_all(ann, "Yes")
    assert "For which photo?" in await reply_text(ann, "/addtags #one")


async def test_buttons_under_the_answer_to_a_forgotten_photo_are_too_old(ann: Person) -> None:
    message = await answer(ann, "red")
    await delete_all(ann, "Yes")
    assert "too old" in await note(ann, message, "✎")


@pytest.mark.parametrize(
    ("command", "says"),
    [("/mytags", "not taught me"), ("/forget", "Shall I delete everything")],
)
async def test_the_commands_of_old_work_and_say_the_new_name(
    ann: Person, command: str, says: str
) -> None:
    text = await reply_text(ann, command)
    assert says in text
    assert text.endswith(f"{command} is now part of /mydata.")


async def test_the_export_of_old_sends_the_file(ann: Person) -> None:
    assert "document" in await reply(ann, "/export")
