"""Messages to admins about versions: the learning status, and news of each version."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from telegram.error import TelegramError

from bot.chat.replies import Reply
from bot.chat.services import Services
from bot.chat.texts import Texts, texts_for
from bot.learning_status import LearningStatus, next_night
from storage import users, version_news
from storage.tables import OutgoingMessage
from storage.training_labels import FEWEST_PHOTOS
from storage.version_news import News

log = logging.getLogger(__name__)

VERSIONS_SHOWN = 6
"""Newest versions listed in a chat."""


def status_lines(texts: Texts, status: LearningStatus) -> list[str]:
    """HTML lines on how many of people's labels have been learnt."""
    phrases, counts = texts.versions, status.counts
    head = phrases.learnt.format(
        model=escape(status.model), learnt=counts.learnt, labels=counts.labels
    )
    waiting = [
        f"• {reason}: {counts.waiting[name]}"
        for name, reason in phrases.reasons.items()
        if counts.waiting.get(name)
    ]
    versions = []
    for version, state in status.versions[-VERSIONS_SHOWN:]:
        tuned = ""
        if version.before and version.after:
            tuned = phrases.tuned.format(**percentages(texts, version.before, version.after))
        versions.append(f"{escape(version.model)}: {phrases.states[state]}{tuned}")
    return [head, *waiting, next_fine_tuning(texts, status, datetime.now()), "", *versions]


def next_fine_tuning(texts: Texts, status: LearningStatus, now: datetime) -> str:
    """When the next fine-tuning is due: a sentence or two, without markup."""
    phrases = texts.versions
    if status.lacks is not None:
        return phrases.lacks[status.lacks].format(model=status.model)
    if status.schedule is None:
        sentences = [phrases.next_by_hand]
    elif status.schedule == "nightly":
        night = f"{next_night(now):%Y-%m-%d %H:%M}"
        sentences = [phrases.next_nightly.format(night=night, new=status.new)]
    else:
        sentences = [phrases.next_after.format(every=status.schedule, new=status.new)]
    if status.too_few_photos:
        photos = status.counts.photos
        sentences.append(phrases.next_too_few.format(fewest=FEWEST_PHOTOS, photos=photos))
    return " ".join(sentences)


async def tell_admins(services: Services) -> list[asyncio.Task[None]]:
    """Takes the news of versions from the database, and sends it to each admin by the outbox.

    Returns:
        The tasks that send it, which may take long and never fail.

    Raises:
        StorageError: where the news cannot be read.
    """
    admins = sorted(services.settings.admin_ids)
    async with services.database.reading() as session:
        if not await version_news.waits(session):
            return []
        languages = await users.languages(session, admins)
    async with services.database.session() as session:
        news = await version_news.take(session)
        messages = [
            [(one, await _put(session, services, admin, languages, one)) for one in news]
            for admin in admins
        ]

    async def send(to_admin: Sequence[tuple[News, OutgoingMessage]]) -> None:
        for one, message in to_admin:
            try:
                await services.outbox.send(message)
            except TelegramError as error:
                log.warning("Admin %d was not told of %s: %s", message.chat_id, one.model, error)

    return [asyncio.create_task(send(to_admin)) for to_admin in messages]


async def _put(
    session: AsyncSession,
    services: Services,
    admin: int,
    languages: Mapping[int, str | None],
    news: News,
) -> OutgoingMessage:
    text = _message(texts_for(languages.get(admin)), news, services.engine.model)
    return await services.outbox.put(session, Reply(admin, text))


def _message(texts: Texts, news: News, answering: str) -> str:
    phrases, details = texts.versions, news.details
    model = escape(news.model)
    if news.event == "failed":
        lines = escape("\n".join(map(str, details.get("lines", ()))))
        return phrases.failed.format(lines=lines)
    if news.event == "rolled_back":
        return phrases.rolled_back.format(model=model, to=escape(str(details.get("to", ""))))
    recall = percentages(texts, details["before"], details["after"])
    if news.event == "rejected":
        why = phrases.why[details["outcome"]]
        sentences = [phrases.rejected.format(model=model, why=why, answering=escape(answering))]
    else:
        photos = texts.number(details["photos"], texts.photos)
        sentences = [phrases.promoted.format(model=model, photos=photos)]
        if answering != news.model:
            sentences.append(phrases.not_loaded.format(answering=escape(answering)))
    return "\n".join([*sentences, phrases.figures.format(**recall)])


def percentages(
    texts: Texts, before: Mapping[str, Any], after: Mapping[str, Any]
) -> dict[str, str]:
    """Recall before and after a fine-tuning in percent, by its placeholders in the texts."""
    shown = {}
    for name in ("labels", "replay"):
        values = [float(figures.get(name, 0.0)) for figures in (before, after)]
        # With a decimal where different values would otherwise look the same.
        same = len({f"{value:.2f}" for value in values}) < len(set(values))
        for when, value in zip(("before", "after"), values, strict=True):
            shown[f"{name}_{when}"] = texts.percent(value, 1 if same else 0)
    return shown
