"""Greetings, thanks and refusals, which no hashtags are wanted for."""

import re

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

_WORD = re.compile(r"\w")

_THANKS = re.compile(r"\b(?:thanks|thank you|thx|спасибо|благодарю)\b", re.IGNORECASE)


def is_thanks(text: str) -> bool:
    """Whether a text contains thanks."""
    return _THANKS.search(text) is not None


def is_small_talk(text: str) -> bool:
    """Whether all words of a text are small talk; those marked as hashtags are not."""
    return _WORD.search(text) is not None and _WORD.search(without_small_talk(text)) is None


def without_small_talk(text: str) -> str:
    """A text without its small talk: "hi! sunset beach" becomes " ! sunset beach"."""
    return _SMALL_TALK.sub(" ", text)
