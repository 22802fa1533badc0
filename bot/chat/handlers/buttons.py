"""Taps on the buttons under an answer; a button's data contain the answer's row id."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from time import perf_counter

from sqlalchemy.ext.asyncio import AsyncSession
from telegram import CallbackQuery, InlineKeyboardMarkup, Message, Update
from telegram.error import BadRequest

from bot.chat import answer_message, callback_data, subject, updates_at_work
from bot.chat.answer_request import ChatRequest, request_in
from bot.chat.answering import answer_apart, record
from bot.chat.callback_data import TapData
from bot.chat.handlers.commands import Handler
from bot.chat.keyboards import key_of
from bot.chat.rendering import MOST_SHOWN
from bot.chat.services import Context
from bot.chat.shown_answer import ShownAnswer, shown_tags
from recommenders.answers import FIRST, MIXES
from recommenders.batching import Features
from recommenders.engine import Engine
from storage import feedback, known_photos, recommendations, sightings
from storage.tables import Recommendation

NOTE_LENGTH = 200
"""Telegram's limit for the notification that answers a tap."""


@dataclass(frozen=True)
class AnswerTap:
    """A tap on a button under an answer.

    Attributes:
        data: the button's.
        message: the bot's message with the answer.
    """

    query: CallbackQuery
    data: TapData
    message: Message
    answer: Recommendation

    @property
    def page(self) -> int:
        """Of the hashtags to take out."""
        return self.data.number("page")


class GoneError(Exception):
    """The answer, or all that is stored of who tapped, was deleted after the tap."""


def on_answer(handler: Callable[[AnswerTap, Context], Awaitable[None]]) -> Handler:
    """Calls ``handler`` with the answer that a tap is about; tells the person if it is gone.

    Taps in a chat are handled one after another: two people may tap under one answer at once.
    """

    async def on_tap(update: Update, context: Context) -> None:
        query, message, data = tapped(update)
        services = context.services
        async with services.chat_locks.of(message.chat_id):
            async with services.database.reading() as session:
                answer = await recommendations.get(session, data.number("answer"))
            # After a power cut the answer may be lost, and its id may be another answer's.
            shown_in = answer and (answer.chat_id, answer.message_id or message.message_id)
            if answer is None or shown_in != (message.chat_id, message.message_id):
                await stale(query, context)
                return
            try:
                await handler(AnswerTap(query, data, message, answer), context)
            except GoneError:
                await stale(query, context)

    return on_tap


@on_answer
async def more(tap: AnswerTap, context: Context) -> None:
    """Adds the next hashtags to the answer, once for a double tap or one handled again."""
    services, answer = context.services, tap.answer
    async with services.database.reading() as session:
        request = await request_in(session, context, answer.chat_id)
    if 0 < tap.data.number("shown") < len(shown_tags(answer, request.skip)):
        await show(tap, context, answer)
        return
    room = min(max(request.top, 2 * FIRST), MOST_SHOWN - len(answer.tags))
    changed = await _extended(tap.message, context, answer, len(answer.tags) + room)
    if len(changed.tags) == len(answer.tags):
        await tap.query.answer(context.texts.no_more)
        return
    await show(tap, context, changed)


@on_answer
async def edit_answer(tap: AnswerTap, context: Context) -> None:
    """``✎``: opens the answer, at a page of its hashtags."""
    await show(tap, context, tap.answer, page=tap.page)


@on_answer
async def close(tap: AnswerTap, context: Context) -> None:
    """Closes the answer."""
    await show(tap, context, tap.answer)


@on_answer
async def take_out(tap: AnswerTap, context: Context) -> None:
    """Takes one hashtag out of the answer; the next best moves up."""
    answer = tap.answer
    tag = next((tag for tag in answer.tags if key_of(tag) == tap.data.word("key")), None)
    if tag is None:  # somebody else took it out first
        await show(tap, context, answer, page=tap.page)
        return
    async with _storing(tap, context) as session:
        await feedback.take_out(
            session, recommendation_id=answer.id, hashtag=tag, user_id=tap.query.from_user.id
        )
    changed = await _reload(context, answer.id)
    changed = await _extended(tap.message, context, changed, answer.length)
    note = context.texts.taken_out.format(tag=tag)
    await show(tap, context, changed, page=tap.page, note=note)


@on_answer
async def put_back(tap: AnswerTap, context: Context) -> None:
    """Puts a hashtag back in its place."""
    out = [one.hashtag for one in tap.answer.taken_out]
    tag = next((tag for tag in out if key_of(tag) == tap.data.word("key")), None)
    note = ""
    if tag is not None:
        async with context.services.database.session() as session:
            await feedback.put_back(session, recommendation_id=tap.answer.id, hashtag=tag)
        note = context.texts.put_back.format(tag=tag)
    await show(tap, context, await _reload(context, tap.answer.id), page=tap.page, note=note)


@on_answer
async def vote(tap: AnswerTap, context: Context) -> None:
    """Stores a thumb; the other one replaces it, and the same one again removes it."""
    texts, value = context.texts, 1 if tap.data.verb == "up" else -1
    whose = {"recommendation_id": tap.answer.id, "user_id": tap.query.from_user.id}
    async with _storing(tap, context) as session:
        if await feedback.vote_of(session, **whose) == value:
            value = 0
        await feedback.vote(session, **whose, value=value)
        await updates_at_work.done_with(session)  # handled twice, it would be removed again
    note = {1: texts.thanks_up, -1: texts.thanks_down, 0: texts.vote_back}[value]
    await show(tap, context, tap.answer, page=tap.page, note=note)


@on_answer
async def other(tap: AnswerTap, context: Context) -> None:
    """Replaces the answer by another backend's."""
    services, message, answer = context.services, tap.message, tap.answer
    backend, began = tap.data.word("backend"), datetime.now(UTC)
    async with services.database.reading() as session:
        photo_ids = await subject.photos_under(session, message, answer)
        request = await request_in(session, context, answer.chat_id, photo_ids)
        earlier = await _shown_before(session, message, backend, request.engine.model)
        features = await _features(session, request.engine, photo_ids)
    fresh = earlier is not None and not services.is_outdated(earlier.at)
    if earlier is not None and fresh and request.unwanted.isdisjoint(earlier.tags):
        async with services.database.session(confirmed=False) as session:
            await recommendations.show_again(session, earlier)
        await show(tap, context, earlier, page=0)
        return
    if not features or backend not in request.engine.backends:
        await stale(tap.query, context)
        return
    started = perf_counter()
    request = replace(_as_before(request, answer), backend=backend)
    hashtags = await services.in_worker(partial(request.recommended, features))
    async with _storing(tap, context) as session:
        answer_id = await record(
            session,
            request,
            photo_ids,
            hashtags,
            message_id=message.message_id,
            album=answer.album,
            # What this backend would have taken if it had answered first.
            elapsed_ms=answer.elapsed_ms + (perf_counter() - started) * 1000,
            duplicate=answer.duplicate,
            at=began,
        )
    await show(tap, context, await _reload(context, answer_id), page=0)


@on_answer
async def apart(tap: AnswerTap, context: Context) -> None:
    """Answers the photos of an album one by one, except those that have been answered since."""
    services = context.services
    async with services.database.reading() as session:
        photo_ids = await subject.photos_under(session, tap.message, tap.answer)
        done = await recommendations.answered_alone_since(session, tap.answer, photo_ids)
        left = [photo_id for photo_id in photo_ids if photo_id not in done]
        messages = await sightings.shown_by(
            session, tap.message.chat_id, left, before=tap.message.message_id
        )
        features = await _features(session, services.engine, left)
    if not left:
        await tap.query.answer(context.texts.apart_already)
        return
    if not features:
        await stale(tap.query, context)
        return
    with suppress(BadRequest):  # too late for that, as when it is handled again
        await tap.query.answer()
    photos = {one: messages.get(one, tap.message.message_id) for one in left}
    await answer_apart(context, tap.message, photos)


async def stale(query: CallbackQuery, context: Context) -> None:
    """Tells the person that what the button is about is gone."""
    await query.answer(context.texts.button_stale, show_alert=True)


def tapped(update: Update) -> tuple[CallbackQuery, Message, TapData]:
    """The tap, the bot's message with the button, and the button's data."""
    query = update.callback_query
    # ``bot.chat.gate`` stops all others.
    assert query is not None and isinstance(query.message, Message)
    data = callback_data.read(query.data)
    assert data is not None
    return query, query.message, data


async def edit(query: CallbackQuery, text: str, buttons: InlineKeyboardMarkup | None) -> None:
    """Edits the message, which a second tap may leave unchanged."""
    try:
        await query.edit_message_text(text, reply_markup=buttons)
    except BadRequest as error:
        if "not modified" not in error.message.lower():
            raise


def plain(html: str) -> str:
    """HTML as plain text, for notifications, which have no formatting."""
    return html.replace("<b>", "").replace("</b>", "")


async def shown_now(context: Context, answer: Recommendation) -> ShownAnswer:
    """An answer with the chat's current settings and thumbs."""
    async with context.services.database.reading() as session:
        request = await request_in(session, context, answer.chat_id)
        thumbs = await feedback.thumbs(session, answer.id)
    tags = shown_tags(answer, request.skip)
    return ShownAnswer(
        answer.id,
        answer.backend,
        tags,
        own=request.own,
        chosen=request.chosen,
        album=answer.album,
        unsure=request.is_unsure(tags),
        spoken_by=answer.backend if answer.backend != request.backend else None,
        taken_out=[one.hashtag for one in answer.taken_out if one.hashtag not in request.skip],
        thumbs=thumbs,
    )


async def show(
    tap: AnswerTap,
    context: Context,
    answer: Recommendation,
    *,
    page: int | None = None,
    note: str = "",
) -> None:
    """Shows an answer in the message: open at a page of its hashtags, or closed for None."""
    texts, backends = context.texts, context.services.engine.backends
    shown = await shown_now(context, answer)
    if page is None:
        text, keyboard = answer_message.closed(texts, shown, backends)
    else:
        text, keyboard = answer_message.opened(texts, shown, backends, page)
    await edit(tap.query, text, keyboard)
    await tap.query.answer(note or None)


async def _extended(
    message: Message, context: Context, answer: Recommendation, count: int
) -> Recommendation:
    """An answer with the next best hashtags, until ``count`` are shown or there are no more."""
    services, hashtags, only_here = context.services, [], False
    remaining = answer.remaining
    if len(remaining) < count:
        async with services.database.reading() as session:
            photo_ids = await subject.photos_under(session, message, answer)
            request = await request_in(session, context, answer.chat_id, photo_ids)
            features = await _features(session, request.engine, photo_ids)
        if features:
            unwanted = request.unwanted.difference(tag for tag, _ in answer.hashtags)
            only_here = replace(request, unwanted=unwanted).only_here
            request = replace(
                _as_before(request, answer),
                top=count - len(remaining),
                unwanted=request.unwanted.difference(remaining),
            )
            hashtags = await services.in_worker(partial(request.recommended, features, remaining))
    async with services.database.session() as session:
        scored = [(hashtag.tag, hashtag.score) for hashtag in hashtags]
        # At most as long as there are hashtags, but not shorter: those put back need room.
        room = max(answer.length, min(count, len(remaining) + len(scored)))
        await recommendations.extend(session, answer.id, scored, shown=room, only_here=only_here)
    return await _reload(context, answer.id)


def _as_before(request: ChatRequest, answer: Recommendation) -> ChatRequest:
    """The chat's request with the settings of ``answer``, which its next hashtags should match."""
    return replace(
        request,
        backend=answer.backend if answer.backend in request.engine.backends else request.backend,
        style=answer.style,
        mix=answer.mix if answer.mix in MIXES else None,
        language=answer.language or "en",
        words=answer.named,
    )


@asynccontextmanager
async def _storing(tap: AnswerTap, context: Context) -> AsyncIterator[AsyncSession]:
    """A session to store what somebody tapped, unless theirs was deleted since."""
    async with context.services.database.session() as session:
        if context.was_forgotten(tap.query.from_user.id):
            raise GoneError
        yield session


async def _reload(context: Context, answer_id: int) -> Recommendation:
    async with context.services.database.reading() as session:
        answer = await recommendations.get(session, answer_id)
    if answer is None:
        raise GoneError
    return answer


async def _shown_before(
    session: AsyncSession, message: Message, backend: str, model: str
) -> Recommendation | None:
    """This backend's answer that the message has shown before, if any."""
    answers = await recommendations.of_message(session, message.chat_id, message.message_id)
    return next((one for one in answers if (one.backend, one.model) == (backend, model)), None)


async def _features(
    session: AsyncSession, engine: Engine, photo_ids: Sequence[int]
) -> list[Features]:
    """The stored features of photos; empty if one of them lacks any that the engine needs."""
    stored = await known_photos.complete_features(session, photo_ids, engine.all_backbones)
    return list(stored.values()) if len(stored) == len(photo_ids) else []
