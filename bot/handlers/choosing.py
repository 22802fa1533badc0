"""What a chat chooses: the style of ranking (/style), the platform (/for), the sizes (/size)."""

from collections.abc import Iterable, Mapping
from html import escape

from telegram import InlineKeyboardMarkup, Update

from bot.answering import RANKED, mix_of
from bot.handlers.buttons import edit, plain, stale, tapped
from bot.keyboards import choice_keyboard
from bot.platforms import PLATFORMS, Platform, settings_of
from bot.rendering import BEST, line
from bot.services import Context
from bot.texts import Texts
from recommenders.knowledge import Knowledge
from recommenders.ranking import STYLES
from recommenders.sizes import MIXES, SIZES
from storage import chats, recommendations
from storage.chats import ChatSettings

MIX_NAMES = (RANKED, *MIXES)


async def style(update: Update, context: Context) -> None:
    """/style shows how hashtags are ranked; /style NAME changes it."""
    message, wanted = update.message, _wanted(context, context.texts.style_names)
    assert message is not None
    if wanted:
        await message.reply_html(await _change_style(context, message.chat_id, wanted))
        return
    text, keyboard = _style_shown(context, await _chat(context, message.chat_id))
    await message.reply_html(text, reply_markup=keyboard)


async def style_tapped(update: Update, context: Context) -> None:
    query, data = tapped(update)
    if query.message is None or data[1] not in STYLES:
        await stale(update, context)
        return
    chat_id = query.message.chat.id
    said = await _change_style(context, chat_id, data[1])
    await edit(query, *_style_shown(context, await _chat(context, chat_id)))
    await query.answer(_note(said))


async def for_(update: Update, context: Context) -> None:
    """/for shows the platforms; /for NAME takes what that one takes."""
    message, wanted = update.message, _wanted(context, {n: p.label for n, p in PLATFORMS.items()})
    assert message is not None
    if wanted:
        await message.reply_html(await _change_platform(context, message.chat_id, wanted))
        return
    text, keyboard = _platforms_shown(context.texts, await _chat(context, message.chat_id))
    await message.reply_html(text, reply_markup=keyboard)


async def for_tapped(update: Update, context: Context) -> None:
    query, data = tapped(update)
    if query.message is None or data[1] not in PLATFORMS:
        await stale(update, context)
        return
    chat_id = query.message.chat.id
    said = await _change_platform(context, chat_id, data[1])
    await edit(query, *_platforms_shown(context.texts, await _chat(context, chat_id)))
    await query.answer(_note(said))


async def size(update: Update, context: Context) -> None:
    """/size shows the mix of sizes; /size NAME changes it."""
    message, wanted = update.message, _wanted(context, context.texts.mix_names)
    assert message is not None
    if context.services.engine.knowledge is None:
        await message.reply_html(context.texts.knows_little)
    elif wanted:
        await message.reply_html(await _change_mix(context, message.chat_id, wanted))
    else:
        text, keyboard = await _mix_shown(context, message.chat_id)
        await message.reply_html(text, reply_markup=keyboard)


async def size_tapped(update: Update, context: Context) -> None:
    query, data = tapped(update)
    known = context.services.engine.knowledge is not None
    if query.message is None or data[1] not in MIX_NAMES or not known:
        await stale(update, context)
        return
    chat_id = query.message.chat.id
    said = await _change_mix(context, chat_id, data[1])
    await edit(query, *await _mix_shown(context, chat_id))
    await query.answer(_note(said))


async def _change_style(context: Context, chat_id: int, wanted: str) -> str:
    texts = context.texts
    if wanted not in STYLES:
        return texts.style_unknown
    async with context.services.database.session() as session:
        chat = await settings_of(session, chat_id)
        await chats.change(session, chat_id, style=wanted, count=chat.count, platform=None)
    said = texts.style_changed.format(style=texts.style_names[wanted])
    return said if context.services.engine.rated else f"{said}\n{texts.style_unrated}"


def _style_shown(context: Context, chat: ChatSettings) -> tuple[str, InlineKeyboardMarkup]:
    texts = context.texts
    text = texts.style.format(
        style=texts.style_names[chat.style],
        lines="\n".join(_lines(texts.style_names, texts.style_lines, STYLES)),
    )
    if not context.services.engine.rated:
        text += f"\n\n<i>{texts.style_unrated}</i>"
    return text, choice_keyboard("style", {k: texts.style_names[k] for k in STYLES}, chat.style)


async def _change_platform(context: Context, chat_id: int, wanted: str) -> str:
    texts = context.texts
    platform = PLATFORMS.get(wanted)
    if platform is None:
        names = ", ".join(f"<b>{name}</b>" for name in PLATFORMS)
        return texts.platform_unknown.format(wanted=escape(wanted[:40]), names=names)
    async with context.services.database.session() as session:
        await chats.change(
            session, chat_id, platform=wanted, count=platform.count, style=platform.style
        )
    return texts.platform_changed.format(platform=_platform_line(texts, platform))


def _platforms_shown(texts: Texts, chat: ChatSettings) -> tuple[str, InlineKeyboardMarkup]:
    lines = [_platform_line(texts, platform) for platform in PLATFORMS.values()]
    labels = {name: platform.label for name, platform in PLATFORMS.items()}
    return texts.platform.format(lines="\n".join(lines)), choice_keyboard(
        "for", labels, chat.platform
    )


def _platform_line(texts: Texts, platform: Platform) -> str:
    return texts.platform_line.format(
        platform=platform.label,
        hashtags=texts.number(platform.count, texts.hashtags),
        style=texts.style_names[platform.style],
    )


async def _change_mix(context: Context, chat_id: int, wanted: str) -> str:
    texts = context.texts
    if wanted not in MIX_NAMES:
        return texts.mix_unknown
    async with context.services.database.session() as session:
        await chats.change(session, chat_id, mix=wanted)
    return texts.mix_changed.format(mix=texts.mix_names[wanted])


async def _mix_shown(context: Context, chat_id: int) -> tuple[str, InlineKeyboardMarkup]:
    texts, engine = context.texts, context.services.engine
    await context.services.turns.over(chat_id)
    async with context.services.database.reading() as session:
        chat = await settings_of(session, chat_id)
        last = await recommendations.last_in_chat(session, chat_id)
    chosen = mix_of(engine, chat) or RANKED
    lines = _lines(texts.mix_names, texts.mix_lines, MIX_NAMES)
    text = texts.mix.format(mix=texts.mix_names[chosen], lines="\n".join(lines))
    if last is not None and last.hashtags and engine.knowledge is not None:
        tags = [tag for tag, _ in last.hashtags[:BEST]]
        sizes = "\n".join(_by_size(texts, engine.knowledge, tags))
        text += f"\n\n{texts.mix_last.format(sizes=sizes)}"
    return text, choice_keyboard("size", {k: texts.mix_names[k] for k in MIX_NAMES}, chosen)


def _by_size(texts: Texts, knowledge: Knowledge, tags: Iterable[str]) -> list[str]:
    of_size: dict[str, list[str]] = {size: [] for size in reversed(SIZES)}
    for tag in tags:
        of_size[knowledge.size(tag)].append(tag)
    return [
        f"{texts.size_names[size]}: {escape(line(members))}"
        for size, members in of_size.items()
        if members
    ]


def _lines(names: Mapping[str, str], lines: Mapping[str, str], order: Iterable[str]) -> list[str]:
    return [f"<b>{names[name]}</b>: {lines[name]}" for name in order]


def _wanted(context: Context, names: Mapping[str, str]) -> str:
    """What stands after the command, by its own name where it is said in a language's words."""
    said = " ".join(context.args or ()).casefold()
    return next((name for name, word in names.items() if word.casefold() == said), said)


async def _chat(context: Context, chat_id: int) -> ChatSettings:
    async with context.services.database.reading() as session:
        return await settings_of(session, chat_id)


def _note(said: str) -> str:
    return plain(said)[:200]
