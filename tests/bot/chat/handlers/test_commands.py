"""Commands about the bot itself."""

from tests.bot.conversation import reply_text
from tests.bot.running import Running
from tests.person import Person


async def test_start_and_help_speak_english(ann: Person) -> None:
    assert "Send me a photo" in await reply_text(ann, "/start")
    assert "/addtags" in await reply_text(ann, "/help")


async def test_start_speaks_russian_to_those_who_do(bot: Running) -> None:
    boris = await bot.person(language="ru")
    assert "Пришлите фото" in await reply_text(boris, "/start")


async def test_help_names_the_admins_commands_to_admins_only(bot: Running, ann: Person) -> None:
    admin = await bot.person(chat=77)
    assert "/review" not in await reply_text(ann, "/help")
    assert "/review" in await reply_text(admin, "/help")


async def test_telegram_knows_the_commands_in_both_languages(bot: Running, ann: Person) -> None:
    english = {entry["command"]: entry["description"] for entry in ann.commands}
    boris = await bot.person(chat=2, language="ru")
    russian = {entry["command"]: entry["description"] for entry in boris.commands}
    assert english.keys() == russian.keys() >= {"model", "count", "tags", "help"}
    assert english["count"] == "how many hashtags: 5, 10 or 30"
    assert russian["count"] == "сколько хештегов: 5, 10 или 30"


async def test_the_menu_has_no_commands_of_admins(ann: Person) -> None:
    assert "stats" not in {entry["command"] for entry in ann.commands}


async def test_an_unknown_command_gets_a_hint(ann: Person) -> None:
    assert "/help" in await reply_text(ann, "/nosuchcommand")
