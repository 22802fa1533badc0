"""Greetings, thanks and refusals, which no hashtags are wanted for, and what looks like one."""

import re

from recommenders.hashtags import in_caption

_SMALL_TALK = re.compile(
    r"""
    (?<![\w#])(?:
    hi | hello | hey | hiya | yo | howdy | greetings | welcome | bye | goodbye | see\ you
    | good\ (?:morning | day | afternoon | evening | night) | how\ are\ you(?:\ doing)?
    | thanks(?:\ a\ lot)? | thank\ you(?:\ (?:so|very)\ much)? | thx | ty | cheers | please
    | ok | okay | yes | no | yep | nope | lol | haha | wow | cool | nice | great | super | sorry
    | well\ done | what.?s\ up | test | help(?:\ me)? | bot | who\ are\ you | what\ can\ you\ do
    | привет(?:ик|ствую)? | здравствуй(?:те)? | здорово | хай | хелло | салют | пока | до\ свидания
    | добр(?:ое | ый | ой)\ (?:утро | день | вечер | ночи) | как\ дела | спасибо(?:\ большое)?
    | большое\ спасибо | благодарю | пожалуйста | прости(?:те)? | извини(?:те)? | ок | окей | да
    | нет | ага | угу | хорошо | отлично | круто | класс | супер | молодец | тест | бот
    | помоги(?:те)? | кто\ ты | что\ ты\ умеешь
    | cancel | stop | never\ ?mind | (?:i\ )?(?:don.?t|do\ not)\ know
    | отмен(?:а|и(?:те)?) | стоп | не\ надо | (?:я\ )?не\ знаю
    )\b
    """,
    re.IGNORECASE | re.VERBOSE,
)

_REFUSAL = re.compile(
    r"""
    \W*
    # What may stand before it.
    (?:(?:
    i(?:.?m | .?d | .?ve | \ have | \ am | \ do)? | oh | well | ok | okay | yes | yeah | but | sorry
    | please | just | actually | rather | maybe | thanks | thank\ you | thx
    | я | мне | мы | ну | ой | ок | окей | да | а | но | извини(?:те)? | прости(?:те)? | пожалуйста
    | лучше | может(?:\ быть)? | давай(?:те)? | просто | спасибо
    )\W+)*
    (?:
    no | nope | nah | not | none | nothing | neither
    | (?:do | did | ca | wo | would)n.?t | (?:do | did | can | will)\ not | cannot
    | skip | later | cancel | stop | never\ ?mind | nvm | forget\ (?:it | about\ it) | dunno | idk
    | не | не(?:надо | хочу | нужно | знаю) | не-?а | нет | ни | ниче(?:го | м) | никак\w*
    | отмен(?:а | и\w* | я\w*) | пропус[кт]\w* | потом | (?:по)?позже | забудь(?:те)?
    | стоп | хватит
    )
    (?![\w·-])
    """,
    re.IGNORECASE | re.VERBOSE,
)

_TAGGED_AS_ONE = re.compile(
    r"""
    (?<![\w#])(?:
    no[ -]+(?:filters? | make[ -]*up | edit(?:s | ing)? | photoshop)
    | без[ -]+(?:фильтр(?:а | ов) | макияжа | обработки | ретуши | фотошопа)
    )(?!\w)
    """,
    re.IGNORECASE | re.VERBOSE,
)

_WORD = re.compile(r"\w")

_THANKS = re.compile(r"\b(?:thanks|thank you|thx|спасибо|благодарю)\b", re.IGNORECASE)


def is_thanks(text: str) -> bool:
    """Whether a text contains thanks."""
    return _THANKS.search(text) is not None


def declines(text: str) -> bool:
    """Whether a text without ``#`` refuses to name hashtags, or is only thanks.

    >>> declines("sorry, no idea"), declines("no filter, sunset"), declines("no, #sunset")
    (True, False, False)
    """
    if in_caption(text):
        return False
    text = joined(text)
    only_thanks = is_thanks(text) and not _WORD.search(without_small_talk(text))
    return only_thanks or _REFUSAL.match(text) is not None


def joined(text: str) -> str:
    """A text in which words that people tag as one are one.

    >>> joined("no filter, sunset")
    'nofilter, sunset'
    """
    return _TAGGED_AS_ONE.sub(lambda words: re.sub("[ -]", "", words[0]), text)


def without_small_talk(text: str) -> str:
    """A text without its small talk: "hi! sunset beach" becomes " ! sunset beach"."""
    return _SMALL_TALK.sub(" ", text)
