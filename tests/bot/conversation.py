"""Talking to the bot in a test, and reading what it says."""

from typing import Any

from tests.colours import jpeg
from tests.person import Message, Person

GROUP: dict[str, Any] = {"chat": -500, "user": 1_001}
"""Ann in a group: ``await bot.person(**GROUP)``."""

BOB_IN_GROUP = GROUP | {"user": 1_002, "name": "Bob"}


async def reply(person: Person, text: str, reply_to: Message | None = None) -> Message:
    """Sends a text; returns what the bot replies."""
    await person.send_text(text, reply_to=reply_to)
    return await person.wait_reply()


async def reply_text(person: Person, text: str, reply_to: Message | None = None) -> str:
    """Sends a text; returns the text of what the bot replies."""
    return str((await reply(person, text, reply_to))["text"])


async def answer(person: Person, colour: str = "red", seed: int = 0) -> Message:
    """Sends a photo; returns the bot's answer."""
    await person.send_photo(jpeg(colour, seed))
    return await person.wait_reply()


async def answer_hashtags(person: Person, colour: str = "red", seed: int = 0) -> list[str]:
    """Sends a photo; returns the hashtags of the bot's answer."""
    return hashtags(await answer(person, colour, seed))


async def note(person: Person, message: Message, label: str) -> str:
    """Presses a button; returns the note that the bot shows on top of the chat, if any."""
    callback = await person.wait_callback(await person.press(message, label))
    return str(callback["text"])


async def edited(person: Person, message: Message, label: str) -> Message:
    """Presses a button; returns what the bot makes of the message."""
    await person.press(message, label)
    return await person.wait_edit(message)


async def below(person: Person, message: Message, label: str) -> Message:
    """Presses a button below ✎; returns what the bot makes of the message."""
    return await edited(person, await edited(person, message, "✎"), label)


async def settings_page(person: Person, setting: str) -> Message:
    """Asks for /settings and opens the page of one of them, by its button."""
    return await edited(person, await reply(person, "/settings"), setting)


def hashtags(message: Message) -> list[str]:
    return [word for word in message["text"].split() if word.startswith("#")]


def buttons(message: Message) -> list[list[dict[str, Any]]]:
    """Row by row."""
    rows: list[list[dict[str, Any]]] = message.get("reply_markup", {}).get("inline_keyboard", [])
    return rows


def labels(message: Message) -> list[str]:
    return [button["text"] for row in buttons(message) for button in row]


def copied_by(message: Message, label: str) -> str:
    """What a button copies."""
    button = next(one for row in buttons(message) for one in row if one["text"] == label)
    return str(button["copy_text"]["text"])


def replied_to(message: Message) -> int | None:
    """The number of the message that a message replies to, if any."""
    number: int | None = message.get("reply_to_message", {}).get("message_id")
    return number
