"""Hashtags for words: what a text without a photo asks for.

A word counts where it is a hashtag of the bundle's, alone or joined with its neighbours ("golden
retriever"), in English or in Russian. What is near all of the words comes first.
"""

import re
from collections.abc import Collection, Iterator, Sequence

from recommenders.answers import families_apart
from recommenders.engine import Engine, Hashtag
from recommenders.hashtags import parse
from recommenders.knowledge import Knowledge
from recommenders.languages import in_language, meaning

MAX_WORDS = 40
"""Words of a text that are looked at."""

_JOINED = 4
"""Words that may be one hashtag together."""

_NEAR = 20
"""Hashtags near a word that are looked at: all that bundles store."""

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
    )\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""Greeting and thanking, which is about nothing that one would post."""

_FUNCTION_WORDS = frozenset(
    """
    a an the and or of in on at to for from with by as is are was be it its this that these those my
    your our his her their i you we he she they me us them do does did have has had can could will
    would should not no so if but than then there here what which who when where why how some any
    all one
    и а но или в во на с со к ко у о об от до из за по под над при про для без это эта этот эти мой
    моя мои мое наш наша я ты мы вы он она они не ни же ли бы что как где когда все всё
    """.split()  # noqa: SIM905
)
"""Words that are about nothing by themselves."""

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?", re.UNICODE)


def hashtags_for(
    engine: Engine, text: str, *, top: int, skip: Collection[str], language: str
) -> list[Hashtag]:
    """The hashtags that fit a text, best first; none where it has no word that is one.

    Args:
        top: how many at most.
        skip: hashtags that must not appear.
        language: one of ``recommenders.backends.LANGUAGES``.
    """
    knowledge = engine.knowledge
    if knowledge is None:
        return []
    asked = list(dict.fromkeys(_known(_words(text), knowledge)))
    nearness: dict[str, float] = {}
    for tag in asked:
        for near in (Hashtag(tag, 1.0), *knowledge.similar(tag, _NEAR)):
            nearness[near.tag] = nearness.get(near.tag, 0.0) + near.score / len(asked)
    # What was asked for leads, in the order in which it was written.
    others = sorted(nearness.keys() - set(asked), key=lambda tag: (-nearness[tag], tag))
    found = [Hashtag(tag, nearness[tag]) for tag in (*asked, *others) if tag not in skip]
    return in_language(families_apart(found), language, top, skip)


def _words(text: str) -> list[str]:
    """The words of a text as hashtags, whether they are marked with a # or not."""
    words = _WORD.findall(_SMALL_TALK.sub(" ", text))
    return [tag for word in words[:MAX_WORDS] for tag in parse(word)[0]]


def _known(words: Sequence[str], knowledge: Knowledge) -> Iterator[str]:
    """The hashtags of the bundle that words are, the longest joined ones first."""
    at = 0
    while at < len(words):
        for length in range(min(_JOINED, len(words) - at), 0, -1):
            joined = "".join(words[at : at + length])
            tag = meaning(joined, knowledge)
            if tag in knowledge and joined not in _FUNCTION_WORDS:
                yield tag
                at += length
                break
        else:
            at += 1
