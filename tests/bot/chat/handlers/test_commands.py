"""Commands about the bot itself."""

import pytest

from bot.chat.texts import LANGUAGES, Texts
from tests.bot.conversation import GROUP, answer, reply, reply_text
from tests.bot.running import Running, Start
from tests.person import Person


async def test_start_and_help_speak_english(ann: Person) -> None:
    assert "Send me a photo" in await reply_text(ann, "/start")
    assert "/addtags" in await reply_text(ann, "/help")


async def test_start_speaks_russian_to_those_who_do(bot: Running) -> None:
    boris = await bot.person(language="ru")
    assert "Пришлите фото" in await reply_text(boris, "/start")


@pytest.mark.parametrize("texts", LANGUAGES.values(), ids=LANGUAGES.keys())
async def test_a_group_is_told_what_is_answered_in_groups(bot: Running, texts: Texts) -> None:
    ann = await bot.person(language=texts.language)
    group = await bot.person(**GROUP, language=texts.language)
    assert "/tags" in await reply_text(group, "/start")
    assert "/tags" not in await reply_text(ann, "/start")
    send_a_photo = {"en": "Send a photo", "ru": "Пришлите фото"}[texts.language]
    assert send_a_photo in await reply_text(ann, "/help")
    assert send_a_photo not in await reply_text(group, "/help")
    words = "sunset beach" if texts.language == "en" else "закат на море"  # of a private chat only
    assert words in await reply_text(ann, "/help")
    assert words not in await reply_text(group, "/help")


async def test_help_names_the_admins_commands_to_admins_only(bot: Running, ann: Person) -> None:
    admin = await bot.person(chat=77)
    assert "/review" not in await reply_text(ann, "/help")
    assert "/review" in await reply_text(admin, "/help")


@pytest.mark.parametrize("texts", LANGUAGES.values(), ids=LANGUAGES.keys())
async def test_help_is_short(bot: Running, texts: Texts) -> None:
    person = await bot.person(language=texts.language)
    text = await reply_text(person, "/help")
    assert len(text.split("\n")) <= 15
    assert {f"/{name}" for name in [*texts.commands, *texts.group_commands]} <= {
        *(word.strip(":,.") for word in text.split()),
        *("/start", "/help"),
    }


async def test_the_menu_has_six_commands_in_both_languages(start: Start) -> None:
    bot = await start(menu=True)
    ann, boris = await bot.person(), await bot.person(chat=2, language="ru")
    for person in (ann, boris):
        assert [entry["command"] for entry in person.commands] == [
            *("start", "help", "model", "addtags", "settings", "mydata")
        ]
    assert ann.commands[3]["description"] == "teach me hashtags for a photo"
    assert boris.commands[3]["description"] == "подсказать хештеги к фото"


async def test_groups_have_tags_in_their_menu_too(start: Start) -> None:
    bot = await start(menu=True)
    group = await bot.person(**GROUP)
    assert [entry["command"] for entry in group.commands] == [
        *("tags", "start", "help", "model", "addtags", "settings", "mydata")
    ]


async def test_the_menu_has_no_commands_of_admins(start: Start) -> None:
    bot = await start(menu=True)
    ann = await bot.person()
    assert "start" in {entry["command"] for entry in ann.commands}
    assert "stats" not in {entry["command"] for entry in ann.commands}


@pytest.mark.parametrize("command", ["/nosuchcommand", "/помощь", "/Старт", "/настройки 7"])
async def test_an_unknown_command_gets_a_hint(ann: Person, command: str) -> None:
    assert await reply_text(ann, command) == (
        "I do not know that command. /help lists those I know."
    )


async def test_an_unknown_command_in_reply_to_a_question_is_not_taught(ann: Person) -> None:
    await answer(ann)
    question = await reply(ann, "/addtags")
    assert "do not know that command" in await reply_text(ann, "/помощь", question)
