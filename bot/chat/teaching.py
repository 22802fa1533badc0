"""Teaching: parses, stores and learns the hashtags that people give photos, and confirms them."""

import asyncio
from collections.abc import Iterable, Sequence
from html import escape

from telegram import ForceReply, Message, User
from telegram.constants import ChatType

from bot.chat.rendering import line
from bot.chat.replies import reply_to
from bot.chat.services import Context, Services
from bot.chat.small_talk import ends_in_question_mark, joined, without_function_words
from bot.chat.texts import Texts
from recommenders import hashtags
from storage import known_photos, labels, users
from storage.labels import Added

MAX_HASHTAGS = 30
"""Hashtags accepted at a time."""

_MAX_LISTED = 400
"""Characters of a list of hashtags that were not accepted; those accepted are listed in full."""


async def teach(
    context: Context,
    message: Message,
    photo_ids: Iterable[int],
    text: str,
    *,
    unread: int = 0,
    last: bool = True,
) -> None:
    """Gives photos the hashtags in a text, and confirms that; asks for some if it has none.

    ``storage.moderation`` decides who sees them. They are stored together with the confirmation and
    learnt before the chat's next answer.

    Args:
        message: the request, to reply to.
        unread: how many more photos it has that could not be read.
        last: as in ``Outbox.put``.
    """
    services, texts, chat_id = context.services, context.texts, message.chat_id
    person = context.person
    assert person is not None  # somebody wrote the message
    tags, refused = typed_hashtags(text)
    shown = list(photo_ids)
    if not tags and not any(map(_visible, refused)):
        await ask_for_hashtags(context, message, shown, last=last)
        return
    photo_ids = list(dict.fromkeys(shown))  # an album may show one photo twice
    taken = hashtags.unique(tags[:MAX_HASHTAGS])
    likely = [await _likely(services, photo_id, tags) for photo_id in photo_ids]
    confirmation = None
    async with services.database.session() as session:
        if not context.was_forgotten(person):
            await users.seen(session, person, context.language_code)
            blocklist = await services.blocked.blocklist(session)
            outcomes = [
                await labels.add(
                    session,
                    person=person,
                    chat_id=chat_id,
                    photo_id=photo_id,
                    hashtags=taken,
                    blocklist=blocklist,
                    likely=likely_ones,
                    album=len(photo_ids) > 1,
                    daily_limit=services.settings.tags_per_day,
                )
                for photo_id, likely_ones in zip(photo_ids, likely, strict=True)
            ]
            words = _confirmation(texts, tags, refused, outcomes, services.settings.tags_per_day)
            if unread:
                photos = unread + len(shown)
                words += "\n" + texts.album_part.format(unread=unread, photos=photos)
            confirmation = await services.outbox.put(
                session, reply_to(message, words, person=person, quote=True), last=last
            )
    if confirmation is None:
        await context.reply(message, texts.forgotten, quote=True, last=last, stored=False)
        return
    if any(outcome.added for outcome in outcomes):
        services.learner.learn_soon(photo_ids, chats=(chat_id, person))
    await services.outbox.send(confirmation)


async def ask_for_hashtags(
    context: Context,
    message: Message,
    photo_ids: Sequence[int],
    *,
    who: User | None = None,
    about: int | None = None,
    last: bool = True,
) -> None:
    """Asks which hashtags fit photos, in reply to a message.

    A reply answers that, and in a private chat the next hashtags.

    Args:
        who: is asked, if not the sender of ``message``.
        about, last: as in ``Context.reply``.
    """
    texts, in_group = context.texts, message.chat.type != ChatType.PRIVATE
    if not in_group:
        context.services.questions.ask(message.chat_id, photo_ids)
    prompt = escape(texts.add_prompt.format(most=MAX_HASHTAGS))
    if in_group and who is not None:
        # Only they are to reply: a selective ForceReply needs a mention of them.
        prompt = f"{who.mention_html()}\n{prompt}"
    await context.reply(
        message,
        prompt,
        ForceReply(selective=in_group, input_field_placeholder=texts.add_placeholder),
        quote=True,
        about=about,
        photo_ids=photo_ids,
        last=last,
    )


def typed_hashtags(text: str) -> tuple[list[str], list[str]]:
    """As ``recommenders.hashtags.parse``; of a sentence without ``#``, only words that name things.

    A question names none.
    """
    text = joined(text)
    if not hashtags.in_caption(text):
        text = "" if ends_in_question_mark(text) else without_function_words(text)
    return hashtags.parse(text)


async def _likely(services: Services, photo_id: int, tags: Sequence[str]) -> set[str]:
    """Those of ``tags`` that the model finds likely without having been taught them."""
    engine = services.engine
    async with services.database.reading() as session:
        backbones = engine.backbones[engine.default_backend]
        features = await known_photos.features(session, photo_id, backbones)
    # Not in the worker's queue: teaching should be confirmed at once.
    return await asyncio.to_thread(engine.likely, features, tags)


def _confirmation(
    texts: Texts,
    tags: Sequence[str],
    refused: Sequence[str],
    outcomes: Sequence[Added],
    per_day: int,
) -> str:
    """HTML that says what happened to each hashtag.

    Args:
        tags, refused: the text's hashtags, and its words that cannot be hashtags.
    """
    added = {tag for outcome in outcomes for tag in outcome.added}
    repeated = {tag for outcome in outcomes for tag in outcome.repeated} - added
    over_limit = {tag for outcome in outcomes for tag in outcome.over_limit} - added
    blocked = {tag for outcome in outcomes for tag in outcome.blocked}
    unshared = {tag for outcome in outcomes for tag in outcome.unshared}

    def listed(chosen: Iterable[str]) -> str:
        return _shortened(line([tag for tag in tags if tag in chosen]))

    parts = []
    if added:
        parts.append(texts.added.format(tags=escape(line([tag for tag in tags if tag in added]))))
    if repeated:
        parts.append(texts.added_already.format(tags=listed(repeated)))
    if added and added <= unshared:
        parts.append(texts.add_pending_all)
    elif unshared & added:
        parts.append(texts.add_pending.format(tags=listed(unshared & added)))
    if blocked:
        parts.append(texts.add_blocked.format(tags=listed(blocked)))
    if over_limit:
        parts.append(texts.add_daily.format(most=per_day, tags=listed(over_limit)))
    if tags[MAX_HASHTAGS:]:
        parts.append(texts.add_too_many.format(most=MAX_HASHTAGS, tags=listed(tags[MAX_HASHTAGS:])))
    if pieces := visible(refused):
        parts.append(texts.add_refused.format(pieces=pieces))
    return "\n".join(parts)


def visible(refused: Sequence[str]) -> str:
    """HTML of words that cannot be hashtags; empty if none has a visible character."""
    pieces = [f"<code>{escape(piece)}</code>" for raw in refused if (piece := _visible(raw))]
    return " ".join(pieces[:10])


def _visible(piece: str) -> str:
    """A refused word, shortened and without unprintable characters such as direction marks."""
    printable = "".join(character for character in piece if character.isprintable()).strip()
    return f"{printable[:30]}…" if len(printable) > 30 else printable


def _shortened(text: str) -> str:
    return escape(
        text if len(text) <= _MAX_LISTED else f"{text[:_MAX_LISTED].rpartition(' ')[0]} …"
    )
