"""What the platforms take now: the one table to change when they change their minds.

A chat that chose a platform follows this table, also after an update. /count, /style and /for
anywhere leave it, and then what the chat had chosen for itself holds again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncSession

from storage import chats
from storage.chats import ChatSettings


@dataclass(frozen=True)
class Platform:
    """How many hashtags a post should carry there, and ranked by which style.

    ``aliases``: what people call it besides, in lower case.
    """

    label: str
    count: int
    style: str
    aliases: tuple[str, ...] = ()


PLATFORMS: Mapping[str, Platform] = {
    # Takes five a post and ignores or refuses more; they sort a post rather than spread it.
    "instagram": Platform("Instagram", 5, "balanced", ("insta", "инстаграм", "инста")),
    # Takes five a post; its feed follows what is watched, so hashtags that earn likes lead.
    "tiktok": Platform("TikTok", 5, "popular", ("тикток", "тик-ток")),
    # A post has one topic: the one that fits best.
    "threads": Platform("Threads", 1, "relevant", ("тредс",)),
    # No limit but 280 characters; X itself advises no more than two.
    "x": Platform("X", 2, "popular", ("twitter", "твиттер", "х")),
    # No limit but 500 characters; people follow hashtags, and a wall of them is frowned upon.
    "mastodon": Platform("Mastodon", 4, "relevant", ("мастодон",)),
}


def platform_of(chat: ChatSettings) -> Platform | None:
    """The platform that a chat follows; None where it follows none, or one of an older table."""
    return PLATFORMS.get(chat.platform or "")


async def settings_of(session: AsyncSession, chat_id: int) -> ChatSettings:
    """What holds in a chat: what it has chosen, and what its platform decides."""
    chat = await chats.get(session, chat_id)
    platform = platform_of(chat)
    return replace(chat, count=platform.count, style=platform.style) if platform else chat
