"""/settings: one message with buttons for every setting of a chat, which can also be typed.

The former commands (/for, /count …) still work, and point to it.
"""

from telegram import Update

from bot.chat.handlers import choices
from bot.chat.handlers.buttons import edit, stale, tapped
from bot.chat.handlers.choices import MAX_OWN, SETTINGS
from bot.chat.handlers.choosing import Choice
from bot.chat.handlers.commands import Handler, message_of, moved
from bot.chat.keyboards import settings_keyboard
from bot.chat.platforms import COUNTS
from bot.chat.rendering import line
from bot.chat.replies import TextAndButtons
from bot.chat.services import Context
from bot.chat.teaching import visible
from bot.chat.texts import LANGUAGES
from recommenders import hashtags
from storage import chats

_PAGES = {
    name.casefold(): choice
    for choice in SETTINGS
    for name in (choice.verb, *(texts.setting_names[choice.verb] for texts in LANGUAGES.values()))
}
"""The pages by the names that the bot shows, and those of their former commands."""


async def settings(update: Update, context: Context) -> None:
    """Shows the chat's settings, or one (/settings size), or changes some (/settings 7 #me)."""
    message = message_of(update)
    wanted = " ".join(" ".join(context.args or ()).replace(",", " ").split())
    if not wanted:
        await context.reply(message, *await _overview(context, message.chat_id))
    elif choice := _PAGES.get(wanted.casefold()):
        await context.reply(message, *await choice.answer(context, message.chat_id, ""))
    else:
        await context.reply(message, await _change_typed(context, message.chat_id, wanted))


async def opened(update: Update, context: Context) -> None:
    """A button that opens a setting's page, or goes back to the list."""
    query, message, data = tapped(update)
    choice = next((one for one in SETTINGS if one.verb == data.word("setting")), None)
    if choice is not None and not choice.options(context):
        await stale(query, context)
        return
    chat_id = message.chat_id
    page = await choice.shown(context, chat_id) if choice else await _overview(context, chat_id)
    await edit(query, *page)
    await query.answer()


def old_command(choice: Choice) -> Handler:
    """The handler of a setting's former command."""

    async def command(update: Update, context: Context) -> None:
        message = message_of(update)
        wanted = " ".join(context.args or ())
        text, keyboard = await choice.answer(context, message.chat_id, wanted)
        if choice.options(context):  # else it is no part of /settings
            text = moved(context, message, "settings", text)
        await context.reply(message, text, keyboard)

    return command


async def _overview(context: Context, chat_id: int) -> TextAndButtons:
    """The chat's settings: a line and a button for each."""
    texts = context.texts
    async with context.services.database.reading() as session:
        chat = await chats.get(session, chat_id)
    offered = [choice for choice in SETTINGS if choice.options(context)]
    lines = "\n".join(
        f"{texts.setting_names[choice.verb]}: <b>{choice.value(context, chat)}</b>"
        for choice in offered
    )
    pages = {choice.verb: texts.setting_names[choice.verb] for choice in offered}
    return texts.settings.format(lines=lines), settings_keyboard(pages)


async def _change_typed(context: Context, chat_id: int, wanted: str) -> str:
    """Changes the settings that were typed after the command; HTML of the result."""
    own = [word for word in wanted.split() if hashtags.is_marked(word)]
    if own:
        others = [word for word in wanted.split() if word not in own]
        wanted = " ".join(word for word in others if any(map(str.isalnum, word)))
    # "не важно" is one name of two words; "instagram 7" are two names.
    named = _option_named(context, wanted)
    several = [named] if named else [_option_named(context, word) for word in wanted.split()]
    known = [one for one in several if one is not None]
    if len(known) < len(several):
        if wanted.lstrip("-").isdecimal():
            return choices.count.refusal(context, wanted)
        return context.texts.settings_unknown.format(most=COUNTS[-1])
    chosen = dict(known)  # of several options of one setting, the last
    if own:
        chosen.pop(choices.own, None)
    changed = [await choice.change(context, chat_id, option) for choice, option in chosen.items()]
    if own:
        changed.append(await _change_own(context, chat_id, " ".join(own)))
    return "\n".join(changed)


def _option_named(context: Context, name: str) -> tuple[Choice, str] | None:
    """The setting and the option with this name."""
    for choice in SETTINGS:
        option = choice.option_named(context, name)
        if option is not None:
            return choice, option
    return None


async def _change_own(context: Context, chat_id: int, wanted: str) -> str:
    """Changes the chat's own hashtags; HTML that lists those accepted and those refused."""
    texts = context.texts
    tags, refused = hashtags.parse(wanted)
    async with context.services.database.reading() as session:
        blocklist = await context.services.blocked.blocklist(session)
        before = (await chats.get(session, chat_id)).own_hashtags
    blocked = [tag for tag in tags if blocklist.blocks(hashtags.key(tag))]
    welcome = [tag for tag in tags if tag not in blocked]
    parts = []
    if welcome:
        parts.append(await choices.own.change(context, chat_id, line(welcome[:MAX_OWN])))
        if gone := [tag for tag in before if tag not in welcome[:MAX_OWN]]:
            parts.append(texts.own_gone.format(tags=line(gone)))
    if welcome[MAX_OWN:]:
        left_out = line(welcome[MAX_OWN:])
        parts.append(texts.own_too_many.format(most=MAX_OWN, tags=left_out))
    if blocked:
        parts.append(texts.add_blocked.format(tags=line(blocked)))
    if pieces := visible(refused):
        parts.append(texts.add_refused.format(pieces=pieces))
    return "\n".join(parts) or texts.settings_unknown.format(most=COUNTS[-1])
