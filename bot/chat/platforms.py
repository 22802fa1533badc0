"""How many hashtags each platform takes now: the one table to change when the rules change.

A chat with a platform follows this table, also after an update of it; the chat's own count and
style take precedence. Checked in November 2026.
"""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass

from storage.chat_settings import ChatSettings

DEFAULT_COUNT = 10
DEFAULT_STYLE = "balanced"
COUNTS = range(1, 31)
"""How many hashtags a chat can choose to get."""


@dataclass(frozen=True)
class Platform:
    """How many hashtags a post there should have, and in which style.

    Attributes:
        count: how many a chat gets, its own hashtags included.
        source: of ``most``; begins with ``NO_LIMIT`` where there is none.
        most: the most that the platform takes, or recommends if ``advised``; None if it publishes
            no limit, and ``count`` is our choice.
        aliases: other names that people use, in lower case.
    """

    label: str
    _: KW_ONLY
    count: int
    style: str
    source: str
    most: int | None = None
    advised: bool = False
    aliases: tuple[str, ...] = ()


NO_LIMIT = "no limit published"

PLATFORMS: Mapping[str, Platform] = {
    "instagram": Platform(
        "Instagram",
        count=5,
        style="balanced",
        source="@creators, 18 December 2025: "
        "socialmediatoday.com/news/instagrams-implementing-new-limits-on-hashtag-use/808309",
        most=5,
        aliases=("insta", "ig", "инстаграм", "инстаграмм", "инста"),
    ),
    # A post has one topic: the one that fits best.
    "threads": Platform(
        "Threads",
        count=1,
        style="relevant",
        source="A. Mosseri, December 2023: "
        "markedium.com/threads-introduces-topic-tags-worldwide-to-foster-targeted-conversations",
        most=1,
        aliases=("тредс", "трэдс", "тредз"),
    ),
    # The feed follows what people watch, so popular hashtags come first.
    "tiktok": Platform(
        "TikTok",
        count=5,
        style="popular",
        source="the notice in the app, August 2025: netinfluencer.com/?p=37510",
        most=5,
        aliases=("tik tok", "tik-tok", "тикток", "тик-ток", "тик ток"),
    ),
    "x": Platform(
        "X",
        count=2,
        style="popular",
        source="X's help, “How to use hashtags”: "
        "everywheremarketer.com/blog/how-do-hashtags-work-on-twitter",
        most=2,
        advised=True,
        aliases=("twitter", "твиттер", "твитер", "х", "икс"),
    ),
    # People follow hashtags, and dislike many of them in a post.
    "mastodon": Platform(
        "Mastodon",
        count=4,
        style="relevant",
        source=f"{NO_LIMIT} but 500 characters: docs.joinmastodon.org/user/posting",
        aliases=("мастодон",),
    ),
    "pinterest": Platform(
        "Pinterest",
        count=5,
        style="relevant",
        source="Pinterest's help of 2017, since withdrawn: "
        "buzzingcreatives.com/blog/2017/12/3/how-to-use-hashtags-on-pinterest",
        most=20,
        advised=True,
        aliases=("пинтерест",),
    ),
    "linkedin": Platform(
        "LinkedIn",
        count=3,
        style="relevant",
        source=NO_LIMIT,
        aliases=("linked in", "линкедин", "линкдин"),
    ),
    # The first three are shown by the title; with more than sixty, all are ignored.
    "youtube": Platform(
        "YouTube",
        count=3,
        style="relevant",
        source="YouTube's help: support.google.com/youtube/answer/6390658",
        most=60,
        aliases=("you tube", "ютуб", "ютюб"),
    ),
    "facebook": Platform(
        "Facebook",
        count=3,
        style="balanced",
        source=NO_LIMIT,
        aliases=("fb", "фейсбук", "фэйсбук", "фб"),
    ),
    "bluesky": Platform(
        "Bluesky",
        count=3,
        style="relevant",
        source=f"{NO_LIMIT} but 300 characters: "
        "github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/feed/post.json",
        aliases=("bsky", "блюскай", "блускай"),
    ),
    "vk": Platform(
        "VK",
        count=5,
        style="balanced",
        source=NO_LIMIT,
        aliases=("vkontakte", "вк", "вконтакте", "в контакте"),
    ),
    "telegram": Platform(
        "Telegram",
        count=5,
        style="relevant",
        source=f"{NO_LIMIT} but a caption's 1,024 characters: core.telegram.org/bots/api#sendphoto",
        aliases=("tg", "телеграм", "телеграмм", "телега", "тг"),
    ),
}


def platform_of(chat: ChatSettings) -> Platform | None:
    """The platform that a chat chose; None if it chose none, or one no longer in the table."""
    return PLATFORMS.get(chat.platform or "")


def platform_named(name: str) -> str | None:
    """The key of the platform with this key or alias."""
    name = name.casefold()
    named = (key for key, one in PLATFORMS.items() if name == key or name in one.aliases)
    return next(named, None)


def count_of(chat: ChatSettings) -> int:
    """How many hashtags a chat gets: its own number, else its platform's."""
    platform = platform_of(chat)
    return chat.count or (platform.count if platform else DEFAULT_COUNT)


def style_of(chat: ChatSettings) -> str:
    """The style of a chat's hashtags: its own, else its platform's."""
    platform = platform_of(chat)
    return chat.style or (platform.style if platform else DEFAULT_STYLE)


def own_hashtags_of(chat: ChatSettings) -> tuple[str, ...]:
    """The chat's own hashtags that fit into an answer, leaving room for one of the photo's."""
    return chat.own_hashtags[: count_of(chat) - 1]
