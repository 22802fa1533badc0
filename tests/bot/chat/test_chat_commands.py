"""Commands about the bot itself."""

from colours import ColourEngine, hashtags, jpeg, labels
from running import Running, Start

from tests.person import Person


async def said(person: Person, text: str) -> str:
    await person.send_text(text)
    return str((await person.wait_reply())["text"])


async def test_start_and_help_speak_english_and_russian(bot: Running, ann: Person) -> None:
    assert "Send me a photo" in await said(ann, "/start")
    assert "/addtags" in await said(ann, "/help")
    boris = await bot.person(chat=2, language="ru")
    assert "Пришлите фото" in await said(boris, "/start")
    assert "/review" not in await said(ann, "/help")
    admin = await bot.person(chat=77)
    assert "/review" in await said(admin, "/help")


async def test_telegram_knows_the_commands_in_both_languages(bot: Running, ann: Person) -> None:
    english = {entry["command"]: entry["description"] for entry in ann.commands}
    boris = await bot.person(chat=2, language="ru")
    russian = {entry["command"]: entry["description"] for entry in boris.commands}
    assert english.keys() == russian.keys() >= {"model", "count", "tags", "help"}
    assert english["count"] == "how many hashtags: 5, 10 or 30"
    assert russian["count"] == "сколько хештегов: 5, 10 или 30"
    assert "stats" not in english


async def test_model_shows_who_answers_and_switches_by_name(ann: Person) -> None:
    shown = await said(ann, "/model")
    assert "This chat uses als." in shown
    assert "w2v looks at what the photo shows" in shown
    assert await said(ann, "/model w2v") == "From now on w2v answers in this chat."
    await ann.send_photo(jpeg("red"))
    assert hashtags(await ann.wait_reply())[0] == "#reddish1"


async def test_model_switches_by_button(ann: Person) -> None:
    await ann.send_text("/model")
    shown = await ann.wait_reply()
    assert labels(shown) == ["✓ als", "w2v", "both"]
    note = await ann.wait_callback(await ann.press(shown, "w2v"))
    assert note["text"] == "From now on w2v answers in this chat."
    edited = ann.messages[shown["message_id"]]
    assert labels(edited) == ["als", "✓ w2v", "both"]
    assert "This chat uses w2v." in edited["text"]
    await ann.wait_callback(await ann.press(shown, "w2v"))


async def test_a_model_that_is_not_installed_says_so(start: Start) -> None:
    bot = await start(ColourEngine(("als",)))
    ann = await bot.person()
    assert await said(ann, "/model w2v") == "w2v is not installed here. Installed: als."
    assert await said(ann, "/model <b>") == "I know no model <b>. Installed: als."


async def test_choices_are_kept_through_a_restart_and_without_the_chosen_backend(
    start: Start,
) -> None:
    first = await start()
    ann = await first.person()
    await said(ann, "/model w2v")
    await said(ann, "/count 5")
    await first.stop()

    second = await start()
    ann = await second.person()
    assert "This chat uses w2v." in await said(ann, "/model")
    await ann.send_photo(jpeg("red"))
    assert hashtags(await ann.wait_reply()) == [f"#reddish{number}" for number in range(1, 6)]
    await second.stop()

    third = await start(ColourEngine(("als",)))
    ann = await third.person()
    assert "This chat uses als." in await said(ann, "/model")


async def test_count_changes_how_many_hashtags_come(ann: Person) -> None:
    assert "You get 10 hashtags" in await said(ann, "/count")
    assert "5, 10 or 30" in await said(ann, "/count 7")
    assert await said(ann, "/count 30") == "From now on you get 30 hashtags a photo."
    await ann.send_photo(jpeg("red"))
    assert len(hashtags(await ann.wait_reply())) == 30


async def test_a_known_photo_follows_a_changed_count(ann: Person) -> None:
    await ann.send_photo(jpeg("red"))
    assert len(hashtags(await ann.wait_reply())) == 10
    for count in (30, 5):
        await said(ann, f"/count {count}")
        await ann.send_photo(jpeg("red"))
        assert len(hashtags(await ann.wait_reply())) == count


async def test_count_changes_by_button(ann: Person) -> None:
    await ann.send_text("/count")
    shown = await ann.wait_reply()
    await ann.wait_callback(await ann.press(shown, "5"))
    assert "✓ 5" in labels(ann.messages[shown["message_id"]])


async def test_an_unknown_command_gets_a_hint(ann: Person) -> None:
    assert "/help" in await said(ann, "/nosuchcommand")
