"""Taps on the buttons under an answer. What a button is about is in its data, by a row's number."""

from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter

from sqlalchemy.ext.asyncio import AsyncSession
from telegram import CallbackQuery, InlineKeyboardMarkup, Message, Update
from telegram.error import BadRequest

from bot.chat import subject
from bot.chat.answering import AnswerRequest, is_unsure, keyboard, recommend, request_in
from bot.chat.photo_lookup import Features
from bot.chat.rendering import MOST_SHOWN, answer_text
from bot.chat.services import Context
from recommenders.answers import FIRST
from recommenders.engine import Engine
from recommenders.languages import meaning
from storage import feedback, known_photos, recommendations
from storage.tables import Recommendation


async def more(update: Update, context: Context) -> None:
    """Adds the next hashtags to the answer."""
    query, data = tapped(update)
    services, engine = context.services, context.services.engine
    under = await subject.answer_under(context, query, int(data[1]))
    if under is None or under[1].backend not in engine.backends:
        await stale(update, context)
        return
    message, answer = under
    async with services.database.reading() as session:
        request = await request_in(session, context, engine, answer.chat_id)
        features = await _features(session, engine, message, answer)
    room = min(max(request.top, 2 * FIRST), MOST_SHOWN - len(answer.hashtags))
    hashtags = []
    if features and room > 0:
        # Nor in another language what stands there already.
        meant = (meaning(tag, engine.own_hashtags) for tag in answer.tags)
        following = replace(
            request,
            backend=answer.backend,
            style=answer.style,
            language=answer.language or "en",
            top=room,
            blocked={*request.blocked, *answer.tags, *meant},
        )
        hashtags = await recommend(services, engine, following, features)
    if not hashtags:
        await query.answer(context.texts.no_more)
        return
    async with services.database.session() as session:
        scored = [(hashtag.tag, hashtag.score) for hashtag in hashtags]
        await recommendations.extend(session, answer.id, scored)
    tags = [*answer.tags, *(hashtag.tag for hashtag in hashtags)]
    await _show(context, query, request, answer.id, answer.backend, tags)


async def other(update: Update, context: Context) -> None:
    """Shows what another backend says, in place of the answer."""
    query, data = tapped(update)
    services, engine = context.services, context.services.engine
    backend = data[2]
    under = await subject.answer_under(context, query, int(data[1]))
    if under is None or backend not in engine.backends:
        await stale(update, context)
        return
    message, answer = under
    async with services.database.reading() as session:
        request = await request_in(session, context, engine, answer.chat_id)
        earlier = await _shown_before(session, message, backend, engine.model)
        features = await _features(session, engine, message, answer)
    if earlier is not None and not services.is_outdated(earlier.at):
        tags = [tag for tag in earlier.tags if tag not in request.blocked]
        await _show(context, query, request, earlier.id, backend, tags)
        return
    if not features:
        await stale(update, context)
        return
    started = perf_counter()
    asked = replace(request, backend=backend, style=answer.style, language=answer.language or "en")
    hashtags = await recommend(services, engine, asked, features)
    async with services.database.session() as session:
        answer_id = await recommendations.record(
            session,
            photo_id=answer.photo_id,
            chat_id=answer.chat_id,
            message_id=message.message_id,
            backend=backend,
            model=engine.model,
            style=answer.style,
            mix=request.mix,
            language=asked.language,
            album=answer.album,
            hashtags=[(hashtag.tag, hashtag.score) for hashtag in hashtags],
            # What this backend would have needed, had it been asked first.
            elapsed_ms=answer.elapsed_ms + (perf_counter() - started) * 1000,
            duplicate=answer.duplicate,
        )
    await _show(context, query, request, answer_id, backend, [hashtag.tag for hashtag in hashtags])


async def vote(update: Update, context: Context) -> None:
    """Stores a thumb; a later one of the same person takes its place."""
    query, data = tapped(update)
    up = data[0] == "up"
    under = await subject.answer_under(context, query, int(data[1]))
    if under is None:
        await stale(update, context)
        return
    async with context.services.database.session() as session:
        await feedback.vote(
            session,
            recommendation_id=under[1].id,
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
    """Changes the message; a second tap may ask for what it shows already."""
    try:
        await query.edit_message_text(text, reply_markup=buttons)
    except BadRequest as error:
        if "not modified" not in error.message.lower():
            raise


def plain(html: str) -> str:
    """For the notes on top of a chat, which know no formatting."""
    return html.replace("<b>", "").replace("</b>", "")


async def _show(
    context: Context,
    query: CallbackQuery,
    request: AnswerRequest,
    answer_id: int,
    backend: str,
    tags: Sequence[str],
) -> None:
    """Puts an answer into the message; a backend that is not the chat's own is named."""
    texts, engine = context.texts, context.services.engine
    spoken_by = backend if backend != request.backend else None
    notes = [texts.unsure] if is_unsure(request, tags) else []
    await edit(
        query,
        answer_text(texts, tags, own=request.own, spoken_by=spoken_by, notes=notes)
        if tags
        else texts.nothing_found,
        keyboard(texts, engine, answer_id, backend, tags, own=request.own),
    )
    await query.answer()


async def _shown_before(
    session: AsyncSession, message: Message, backend: str, model: str
) -> Recommendation | None:
    """What the message has shown of this backend already, if anything."""
    answers = await recommendations.of_message(session, message.chat_id, message.message_id)
    return next((one for one in answers if (one.backend, one.model) == (backend, model)), None)


async def _features(
    session: AsyncSession, engine: Engine, message: Message, answer: Recommendation
) -> list[Features]:
    """Features of the photos that the message answers, as stored."""
    backbones = {name for backend in engine.backends for name in engine.backbones[backend]}
    photo_ids = await subject.photos_under(session, message, answer)
    stored = [await known_photos.features(session, one, backbones) for one in photo_ids]
    return [features for features in stored if features.keys() == backbones]
