"""Taps on inline buttons. What a button is about is in its data, by the number of a stored row."""

from collections.abc import Sequence
from time import perf_counter

from sqlalchemy.ext.asyncio import AsyncSession
from telegram import CallbackQuery, InlineKeyboardMarkup, Message, Update
from telegram.error import BadRequest

from bot.chat.answering import ALBUM, backend_of, kept_style, keyboard, mix_of, recommend, style_of
from bot.chat.photo_lookup import Features
from bot.chat.platforms import settings_of
from bot.chat.rendering import BEST, MOST_SHOWN, answer_text
from bot.chat.services import Context
from storage import feedback, known_photos, recommendations, sightings
from storage.recommendations import Given


async def more(update: Update, context: Context) -> None:
    """Adds the next hashtags to the answer."""
    query, data = tapped(update)
    services, engine, texts = context.services, context.services.engine, context.texts
    message, given = await answer_of(context, query, int(data[1]))
    if given is None or message is None or given.backend not in engine.backends:
        await stale(update, context)
        return
    shown = [word[1:] for word in (message.text or "").split() if word.startswith("#")]
    async with services.database.reading() as session:
        chat = await settings_of(session, given.chat_id)
        withheld = await services.withheld(session, engine, given.chat_id)
    features = await _features(context, message, given)
    room = min(max(chat.count, 2 * BEST), MOST_SHOWN - len(shown))
    next_ones = []
    if features and room > 0:
        next_ones = await recommend(
            services,
            engine,
            given.backend,
            style_of(given.style),
            features,
            top=room,
            skip={*withheld, *shown},
            mix=mix_of(engine, chat),
        )
    if not next_ones:
        await query.answer(texts.no_more)
        return
    tags = [*shown, *(hashtag.tag for hashtag in next_ones)]
    spoken_by = given.backend if given.backend != backend_of(engine, chat) else None
    await edit(
        query,
        answer_text(texts, tags, spoken_by=spoken_by),
        keyboard(texts, engine, given.id, given.backend, tags),
    )
    await query.answer()


async def other(update: Update, context: Context) -> None:
    """Shows what another backend says, in place of the answer."""
    query, data = tapped(update)
    services, engine, texts = context.services, context.services.engine, context.texts
    backend = data[2]
    message, given = await answer_of(context, query, int(data[1]))
    if given is None or message is None or backend not in engine.backends:
        await stale(update, context)
        return
    async with services.database.reading() as session:
        chat = await settings_of(session, given.chat_id)
        withheld = await services.withheld(session, engine, given.chat_id)
        shown = await _shown(session, message, backend, engine.model)
    hashtags = [tag for tag, _ in shown.hashtags if tag not in withheld] if shown else []
    if shown is None or services.outdated(shown.at):
        started = perf_counter()
        style, mix = style_of(given.style), mix_of(engine, chat)
        features = await _features(context, message, given)
        if not features:
            await stale(update, context)
            return
        found = await recommend(
            services,
            engine,
            backend,
            style,
            features,
            top=chat.count,
            skip=withheld,
            mix=mix,
        )
        hashtags = [hashtag.tag for hashtag in found]
        async with services.database.session() as session:
            recommendation_id = await recommendations.record(
                session,
                photo_id=given.photo_id,
                chat_id=given.chat_id,
                backend=backend,
                model=engine.model,
                style=given.style if given.style.endswith(ALBUM) else kept_style(style, mix),
                hashtags=[(hashtag.tag, hashtag.score) for hashtag in found],
                # What this backend would have needed, had it been asked first.
                elapsed_ms=given.elapsed_ms + (perf_counter() - started) * 1000,
                duplicate=given.duplicate,
            )
            await recommendations.attach_message(session, recommendation_id, message.message_id)
    else:
        recommendation_id = shown.id
    spoken_by = backend if backend != backend_of(engine, chat) else None
    await edit(
        query,
        answer_text(texts, hashtags, spoken_by=spoken_by) if hashtags else texts.nothing_found,
        keyboard(texts, engine, recommendation_id, backend, hashtags),
    )
    await query.answer()


async def vote(update: Update, context: Context) -> None:
    """Stores a thumb; a later one of the same person takes its place."""
    query, data = tapped(update)
    up = data[0] == "up"
    _, given = await answer_of(context, query, int(data[1]))
    if given is None:
        await stale(update, context)
        return
    async with context.services.database.session() as session:
        await feedback.vote(
            session,
            recommendation_id=given.id,
            user_id=query.from_user.id,
            value=1 if up else -1,
        )
    await query.answer(context.texts.thanks_up if up else context.texts.thanks_down)


async def stale(update: Update, context: Context) -> None:
    """A button whose row is gone, or of a version of the bot that no longer is."""
    query, _ = tapped(update)
    await query.answer(context.texts.button_stale, show_alert=True)


def tapped(update: Update) -> tuple[CallbackQuery, Sequence[str]]:
    """The tap, and the parts of the button's data."""
    query = update.callback_query
    assert query is not None
    return query, (query.data or "").split(":")


async def edit(query: CallbackQuery, text: str, buttons: InlineKeyboardMarkup | None) -> None:
    """Change the message; a second tap may ask for what it shows already."""
    try:
        await query.edit_message_text(text, reply_markup=buttons)
    except BadRequest as error:
        if "not modified" not in error.message.lower():
            raise


def plain(html: str) -> str:
    """For the notes on top of a chat, which know no formatting."""
    return html.replace("<b>", "").replace("</b>", "")


async def answer_of(
    context: Context, query: CallbackQuery, recommendation_id: int
) -> tuple[Message | None, Given | None]:
    """The message with the button and the answer that it shows, if it is this chat's."""
    message = query.message if isinstance(query.message, Message) else None
    async with context.services.database.reading() as session:
        given = await recommendations.get(session, recommendation_id)
    if given is None or message is None or given.chat_id != message.chat_id:
        return message, None
    return message, given


async def photos_of(context: Context, message: Message, given: Given) -> list[int]:
    """The photos that the message answers: of an album, all."""
    await context.services.turns.over(message.chat_id)
    async with context.services.database.reading() as session:
        ids = await sightings.of_message(session, message.chat_id, message.message_id)
    return ids or [given.photo_id]


async def _shown(session: AsyncSession, message: Message, backend: str, model: str) -> Given | None:
    """What the message has already shown of this backend, if anything."""
    given = await recommendations.of_message(session, message.chat_id, message.message_id)
    return next((one for one in given if (one.backend, one.model) == (backend, model)), None)


async def _features(context: Context, message: Message, given: Given) -> list[Features]:
    """Of the photos that the message answers, as stored."""
    engine = context.services.engine
    needed = {name for backend in engine.backends for name in engine.backbones[backend]}
    ids = await photos_of(context, message, given)
    async with context.services.database.reading() as session:
        stored = [await known_photos.features(session, one, needed) for one in ids]
    return [features for features in stored if features.keys() == needed]
