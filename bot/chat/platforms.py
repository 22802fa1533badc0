"""What the platforms take now: the one table to change when they change their minds.

A chat that chose a platform follows this table, also after an update; a count or a style of its own
goes over it. Checked in November 2026.
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
    """How many hashtags a post should carry there, and ranked by which style.

    Attributes:
        count: how many a chat gets for it, its own hashtags among them.
        source: where ``most`` was read; where there is none, that no rule was found.
        most: how many the platform takes at most, or (``advised``) advises at most; None where it
            publishes no limit, and ``count`` is our choice.
        aliases: what people call it besides, in lower case.
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
    # Its feed follows what is watched, so hashtags that earn likes lead.
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
    # People follow hashtags there, and a wall of them is frowned upon.
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
    # The first three stand at the title; of a video with more than sixty all are ignored.
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
    """The platform that a chat follows; None where it follows none, or one of an older table."""
    return PLATFORMS.get(chat.platform or "")


def platform_named(name: str) -> str | None:
    """The key of the platform that people call so."""
    name = name.casefold()
    named = (key for key, one in PLATFORMS.items() if name == key or name in one.aliases)
    return next(named, None)


def count_of(chat: ChatSettings) -> int:
    """How many hashtags a chat gets: its own number, else its platform's."""
    platform = platform_of(chat)
    return chat.count or (platform.count if platform else DEFAULT_COUNT)


def style_of(chat: ChatSettings) -> str:
    """By which style hashtags are ranked in a chat: its own, else its platform's."""
    platform = platform_of(chat)
    return chat.style or (platform.style if platform else DEFAULT_STYLE)


def own_hashtags_of(chat: ChatSettings) -> tuple[str, ...]:
    """What of a chat's own hashtags an answer has room for: one at least is the photo's."""
    return chat.own_hashtags[: count_of(chat) - 1]
