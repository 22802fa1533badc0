"""What is not meant as hashtags: greetings, thanks, praise, refusals, questions, complaints."""

import re

from recommenders.hashtags import in_caption

_THANKS = r"""(?:
    thanks(?:\ a\ lot)? | thank\ (?:yo)?u(?:\ (?:so|very)\ much)? | thx | ty(?:sm)? | cheers
    | (?:большое\ )?с?пасиб(?:о|а|ки)?(?:\ большое)? | спс | благодарю
)"""

_FRIENDLY = r"""(?:
    wow | cool | nice | great | super | well\ done
    | отлично | круто | класс | супер | молодец
)"""

_PRAISE = re.compile(
    rf"""
    (?<![\w#])(?<!\bnot\ )(?<!\bне\ )(?:
    {_FRIENDLY} | good\ (?:bot | job | work) | perfect(?:ly)?
    | (?:love | like)\ (?:it | them | these | this) | beautiful | lovely | wonderful | awesome
    | amazing | excellent | brilliant | (?:the\ )?best
    | (?:хороший | умный | лучший)\ бот | идеально | красиво | прекрасно | замечательно | классно
    | чудесно | великолепно | умница | лучш(?:ий | ая | ие) | нравится | нравятся
    | подош(?:ло | ли) | получилось
    )\b
    """,
    re.IGNORECASE | re.VERBOSE,
)

_SMALL_TALK = re.compile(
    rf"""
    (?<![\w#])(?:
    hi | hello | hey | hiya | yo | howdy | greetings | welcome | bye | goodbye | see\ you
    | good\ (?:morning | day | afternoon | evening | night) | how\ are\ you(?:\ doing)?
    | {_THANKS} | {_FRIENDLY} | please | ok | okay | yes | no\ thanks | no(?!\s+\w)  # no people
    | yep | nope | lol | haha | sorry
    | what.?s\ up | test | help(?:\ me)? | bot | who\ are\ you | what\ can\ you\ do
    | привет(?:ик|ствую)? | здравствуй(?:те)? | здорово | хай | хелло | салют | пока | до\ свидания
    | добр(?:ое | ый | ой)\ (?:утро | день | вечер | ночи) | как\ дела
    | пожалуйста | прости(?:те)? | извини(?:те)? | ок | окей | да
    | нет | ага | угу | хорошо | тест | бот
    | помоги(?:те)? | кто\ ты | что\ ты\ умеешь
    | cancel | stop | never\ ?mind | (?:i\ )?(?:don.?t|do\ not)\ know | (?:i\ have\ )?no\ idea
    | dunno | idk | отмен(?:а|и(?:те)?) | стоп | не\ надо | (?:я\ )?не\ знаю
    | (?:я\ )?(?:без\ понятия | понятия\ не\ имею)
    )\b
    """,
    re.IGNORECASE | re.VERBOSE,
)

_REFUSAL = re.compile(
    rf"""
    \W*
    # What may stand before it.
    (?:(?:
    i(?:.?m | .?d | .?ve | \ have | \ am | \ do)? | oh | well | ok | okay | yes | yeah | but | sorry
    | please | just | actually | rather | maybe | {_THANKS}
    | я | мне | мы | ну | ой | ок | окей | да | а | но | извини(?:те)? | прости(?:те)? | пожалуйста
    | лучше | может(?:\ быть)? | давай(?:те)? | просто
    )\W+)*+  # no second try: "спасибо большое спасибо" has two readings
    (?:
    no | nope | nah | not | none | nothing | neither
    | (?:do | did | ca | wo | would)n.?t | (?:do | did | can | will)\ not | cannot
    | skip | later | cancel | stop | never\ ?mind | nvm | forget\ (?:it | about\ it) | dunno | idk
    | не | не(?:надо | хочу | нужно | знаю) | не-?а | нет | ни | ниче(?:го | м) | никак\w*
    | отмен(?:а | и\w* | я\w*) | пропус[кт]\w* | потом | (?:по)?позже | забудь(?:те)?
    | стоп | хватит | без\ понятия | понятия\ не\ имею
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

_QUESTION = re.compile(
    r"""
    \W*(?:
    how(?!\ (?:beautiful | pretty | lovely | cute | nice | great | cool | good)\b) | who | why
    | what\ (?:is | are | do | does | can)
    | (?:can | could | do | will | would | are)\ you | is\ (?:it | this | that | there)
    | как(?!\ (?:же\ )?(?:красив | прекрасн | мил | здорово | хорошо | круто))
    | кто | почему | зачем | можно\ ли | что\ (?:это | такое | ты | вы)
    )\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
_QUESTION_WORDS = 3
"""The fewest words of a question with a question word or a mark alone: "sunset?" is none."""

_COMPLAINT = re.compile(
    r"""
    \W*(?:(?:
    this | these | those | that | they | it | the | your | is | are | all | so | very
    | это | эти | они | все | мне | твои | ваши | (?:х[еэ]ш)?теги | очень | совсем
    )\W+)*
    (?:
    (?:wrong | bad | incorrect | terrible) (?:\ (?:hash)?tags?)?
    | (?:hash)?tags\ (?:are | is)\ (?:all\ )?(?:wrong | bad | incorrect | terrible)
    | (?:(?:hash)?tags?\ )?do(?:es)?(?:n.?t | \ not)\ (?:fit | match | suit)
    | (?:i\ )?do(?:n.?t | \ not)\ like\ (?:it | them | (?:this | these | those)(?:\ (?:hash)?tags)?)
    | (?:(?:is | are | s)\ not | (?:is | are)n.?t | not(?=\ (?:an? | my)\b))
      (?:\ (?:an? | the | my))?\ \#?\w+(?:\ \w+)?
    | (?:please\ )?remove\ \#?\w+(?:\ please)?
    | (?:плохие | неправильные | неверные | не\ те)\ х[еэ]штеги | (?:плохие | не\ те)\ теги
    | (?:х[еэ]ш)?теги\ (?:плохие | неправильные | неверные | не\ те | не\ подходят)
    | неправильно | неверно | плохо | ужасно | не\ подход(?:ит | ят) | не\ то
    | не\ нрав(?:ится | ятся) | это\ не\ \#?\w+(?:\ \w+)?
    | (?:пожалуйста\W+)?убери(?:те)?\ \#?\w+(?:\W+пожалуйста)?
    )\W*
    """,
    re.IGNORECASE | re.VERBOSE,
)

_MENTIONS_HASHTAGS = re.compile(
    r"""
    \b(?:(?:hash)?tags? | ideas? | х[еэ]штег\w* | тег(?:и | ов | ами)? | иде(?:и | я))\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
_ASKS_HOW_IT_WORKS = re.compile(
    r"\W*(?:how | why | who | как | кто | почему | зачем)\b", re.IGNORECASE | re.VERBOSE
)

_FUNCTION_WORD = re.compile(
    r"""
    (?<![\w#'’·-])(?:
    (?:
    a | an | the | this | that | these | those | there | here | i | me | my | we | us | our | you
    | your | he | him | his | she | her | it | its | they | them | their | what | which | who | how
    | is | am | are | was | were | be | been | do | does | did | have | has | had | would | can
    | could | should | think | guess | of | in | on | at | by | to | from | for | with | about
    | and | or | but | so | if | as | too | very | just | not
    | thank | without
    ) (?:['’](?:s | m | re | ve | ll | d | t))?
    | (?:is | are | was | were | do | does | did | ca | wo)n['’]t
    | я | ты | он | она | оно | мы | вы | они | мне | меня | мой | моя | мо[её] | мои | моей
    | моём | наш | наша | наше | наши | его | её | ее | их | это | этот | эта | эти | этом | тот
    | там | тут | здесь | вот | и | а | но | или | что | чтобы | как | кто | в | во | на | с | со
    | у | к | по | из | за | от | до | для | о | об | про | без | не | ни | же | ли | бы
    | был | была | было | были | есть | думаю | кажется | просто | очень
    )(?![\w'’·-])
    | [.!?…]+(?!\S)  # the end of a sentence
    """,
    re.IGNORECASE | re.VERBOSE,
)

_WORD = re.compile(r"\w")
_WORDS = re.compile(r"\w+")


def is_thanks(text: str) -> bool:
    """Whether a text contains thanks."""
    return re.search(rf"\b{_THANKS}\b", text, re.IGNORECASE | re.VERBOSE) is not None


def praises(text: str) -> bool:
    """Whether a text says nothing but that something is good.

    >>> praises("this is perfect"), praises("perfect garden")
    (True, False)
    """
    rest, praised = _PRAISE.subn(" ", text)
    return praised > 0 and not _WORD.search(without_function_words(without_small_talk(rest)))


def declines(text: str) -> bool:
    """Whether a text without ``#`` refuses to name hashtags, or is only thanks.

    >>> declines("sorry, no idea"), declines("no filter, sunset"), declines("no, #sunset")
    (True, False, False)
    """
    if in_caption(text):
        return False
    text = joined(text)
    only_thanks = is_thanks(text) and is_small_talk(text)
    return only_thanks or _REFUSAL.match(text) is not None


def cancels(text: str) -> bool:
    """Whether a text only refuses, so that it needs no question before it to be understood.

    >>> cancels("no, cancel"), cancels("no people")
    (True, False)
    """
    return _REFUSAL.match(text) is not None and is_small_talk(text)


def asks(text: str) -> bool:
    """Whether a text asks the bot something, rather than for hashtags for its words.

    >>> asks("how does it work"), asks("why garden?"), asks("garden?")
    (True, True, False)
    """
    begins, ends = _QUESTION.match(text) is not None, ends_in_question_mark(text)
    if begins and ends:
        return True
    return (begins or ends) and len(_WORDS.findall(text)) >= _QUESTION_WORDS


def asks_for_hashtags(text: str) -> bool:
    """Whether a question may want hashtags for its words, since it speaks of hashtags.

    >>> asks_for_hashtags("which tags for a garden?"), asks_for_hashtags("how do tags work?")
    (True, False)
    """
    return _MENTIONS_HASHTAGS.search(text) is not None and not _ASKS_HOW_IT_WORKS.match(text)


def ends_in_question_mark(text: str) -> bool:
    return text.rstrip(" !.…)").endswith("?")


def complains(text: str) -> bool:
    """Whether a text says nothing but that an answer is wrong."""
    return _COMPLAINT.fullmatch(text) is not None


def joined(text: str) -> str:
    """A text in which words that people tag as one are one.

    >>> joined("no filter, sunset")
    'nofilter, sunset'
    """
    return _TAGGED_AS_ONE.sub(lambda words: re.sub("[ -]", "", words[0]), text)


def without_function_words(text: str) -> str:
    """A text without the words that only join others, and without marks that end sentences.

    >>> without_function_words("I think it is a garden.").split()
    ['garden']
    """
    return _FUNCTION_WORD.sub(" ", text)


def is_small_talk(text: str) -> bool:
    """Whether a text has no words but small talk."""
    return not _WORD.search(without_small_talk(text))


def without_small_talk(text: str) -> str:
    """A text without its small talk: "hi! sunset beach" becomes " ! sunset beach"."""
    return _SMALL_TALK.sub(" ", text)
