"""The settings of a chat, a class for each; see ``bot.chat.handlers.choosing``."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from bot.chat.answer_request import RANKED, backend_of, language_of, mix_of
from bot.chat.handlers.choosing import Choice
from bot.chat.platforms import (
    COUNTS,
    PLATFORMS,
    Platform,
    count_of,
    own_hashtags_of,
    platform_named,
    platform_of,
    style_of,
)
from bot.chat.rendering import line
from bot.chat.services import Context
from bot.chat.texts import Texts
from recommenders.answers import FIRST, MIXES, SIZES
from recommenders.backends import BACKENDS, LANGUAGES, STYLES
from recommenders.engine import Engine
from recommenders.knowledge import Knowledge
from recommenders.languages import meaning
from storage import recommendations
from storage.chat_settings import ChatSettings

OFFERED_COUNTS = (1, 3, 5, 7, 10, 15, 20, 30)
MIX_NAMES = (RANKED, *MIXES)
MAX_OWN = 3
"""A chat's own hashtags, at most."""

ANYWHERE = "anywhere"
"""The option for no platform."""
USUAL = "usual"
"""The option for the platform's count, or the default."""
NONE = "none"
"""The option for no own hashtags."""
SOME = "some"


class PlatformChoice(Choice):
    """Where the chat posts, which decides count and style unless the chat chooses its own."""

    verb = "for"
    field = "platform"

    def labels(self, texts: Texts) -> Mapping[str, str]:
        labels = {name: f"{one.label} {one.count}" for name, one in PLATFORMS.items()}
        return labels | {ANYWHERE: texts.platform_anywhere}

    def names(self, texts: Texts) -> Iterable[tuple[str, str]]:
        return [*super().names(texts), (texts.platform_none, ANYWHERE)]

    def option_named(self, context: Context, name: str) -> str | None:
        return platform_named(name) or super().option_named(context, name)

    def chosen(self, context: Context, chat: ChatSettings) -> str:
        return chat.platform if chat.platform and platform_of(chat) else ANYWHERE

    def value(self, context: Context, chat: ChatSettings) -> str:
        platform = platform_of(chat)
        return platform.label if platform else context.texts.platform_none

    async def page(self, context: Context, chat: ChatSettings) -> str:
        texts, platform = context.texts, platform_of(chat)
        return f"{texts.platform}\n\n{_rule(texts, chat, platform)}" if platform else texts.platform

    def stored(self, option: str) -> str | None:
        return None if option == ANYWHERE else option

    def changed(self, context: Context, option: str, chat: ChatSettings) -> str:
        texts, platform = context.texts, platform_of(chat)
        if platform is None:
            hashtags = texts.number(count_of(chat), texts.hashtags)
            return texts.platform_ended.format(hashtags=hashtags)
        changed = texts.platform_changed.format(platform=platform.label)
        return f"{changed} {_rule(texts, chat, platform)}"

    def refusal(self, context: Context, name: str) -> str:
        names = ", ".join(one.label for one in PLATFORMS.values())
        return context.texts.platform_unknown.format(wanted=escape(name[:40]), names=names)


class Count(Choice):
    """How many hashtags an answer has."""

    verb = "count"
    field = "count"

    def labels(self, texts: Texts) -> Mapping[str, str]:
        numbers = {str(count): str(count) for count in OFFERED_COUNTS}
        return numbers | {USUAL: texts.count_usual}

    def option_named(self, context: Context, name: str) -> str | None:
        if name.isdecimal() and int(name) in COUNTS:
            return str(int(name))
        return super().option_named(context, name)

    def chosen(self, context: Context, chat: ChatSettings) -> str:
        return str(chat.count) if chat.count else USUAL

    def value(self, context: Context, chat: ChatSettings) -> str:
        texts, platform = context.texts, platform_of(chat)
        if platform is None or chat.count in (None, platform.count):
            return str(count_of(chat))
        return texts.count_own.format(
            count=chat.count, platform=platform.label, theirs=platform.count
        )

    async def page(self, context: Context, chat: ChatSettings) -> str:
        texts, platform = context.texts, platform_of(chat)
        hashtags = texts.number(count_of(chat), texts.hashtags)
        text = texts.count.format(hashtags=hashtags, most=COUNTS[-1])
        return f"{text}\n\n{_rule(texts, chat, platform)}" if platform else text

    def stored(self, option: str) -> int | None:
        return None if option == USUAL else int(option)

    def changed(self, context: Context, option: str, chat: ChatSettings) -> str:
        texts, platform = context.texts, platform_of(chat)
        hashtags = texts.number(count_of(chat), texts.hashtags)
        if platform is None or chat.count in (None, platform.count):
            return texts.count_changed.format(hashtags=hashtags)
        return texts.count_changed_over.format(
            hashtags=hashtags, platform=platform.label, theirs=platform.count
        )

    def refusal(self, context: Context, name: str) -> str:
        return context.texts.count_unknown.format(most=COUNTS[-1])


class Style(Choice):
    """How hashtags are ranked; only if the bundle has likes."""

    verb = "style"
    field = "style"

    def labels(self, texts: Texts) -> Mapping[str, str]:
        return {style: texts.style_names[style] for style in STYLES}

    def is_offered(self, engine: Engine) -> bool:
        return engine.rated

    def missing(self, context: Context) -> str:
        return context.texts.style_unrated

    def chosen(self, context: Context, chat: ChatSettings) -> str:
        return style_of(chat)

    async def page(self, context: Context, chat: ChatSettings) -> str:
        texts = context.texts
        lines = _lines(texts.style_names, texts.style_lines, STYLES)
        return texts.style.format(lines=lines)

    def changed(self, context: Context, option: str, chat: ChatSettings) -> str:
        texts = context.texts
        return texts.style_changed.format(style=texts.style_names[option])


class Size(Choice):
    """The mix of niche, middle and broad hashtags."""

    verb = "size"
    field = "mix"

    def labels(self, texts: Texts) -> Mapping[str, str]:
        return {mix: texts.mix_names[mix] for mix in MIX_NAMES}

    def names(self, texts: Texts) -> Iterable[tuple[str, str]]:
        sizes = ((name, size) for size, name in texts.size_names.items())
        return [*super().names(texts), *sizes]

    def is_offered(self, engine: Engine) -> bool:
        return engine.knowledge is not None

    def chosen(self, context: Context, chat: ChatSettings) -> str:
        return mix_of(context.services.engine, chat) or RANKED

    async def page(self, context: Context, chat: ChatSettings) -> str:
        services, texts = context.services, context.texts
        await services.chat_locks.wait(chat.chat_id)
        async with services.database.reading() as session:
            last = await recommendations.last_in_chat(session, chat.chat_id)
        knowledge = services.engine.knowledge
        counted = knowledge is not None and knowledge.counted_posts
        text = texts.mix.format(
            sizes=texts.mix_of_platform if counted else texts.mix_of_training,
            lines=_lines(texts.mix_names, texts.mix_lines, MIX_NAMES),
        )
        if last is not None and last.tags and knowledge is not None:
            sizes = "\n".join(_by_size(texts, knowledge, last.tags[:FIRST]))
            text += f"\n\n{texts.mix_last.format(sizes=sizes)}"
        return text

    def changed(self, context: Context, option: str, chat: ChatSettings) -> str:
        texts = context.texts
        return texts.mix_changed.format(mix=texts.mix_names[option], line=texts.mix_lines[option])


class Language(Choice):
    """English hashtags, Russian ones, or both."""

    verb = "language"
    field = "language"

    def labels(self, texts: Texts) -> Mapping[str, str]:
        return {language: texts.language_names[language] for language in LANGUAGES}

    def chosen(self, context: Context, chat: ChatSettings) -> str:
        return language_of(chat, context.texts)

    async def page(self, context: Context, chat: ChatSettings) -> str:
        texts = context.texts
        lines = _lines(texts.language_names, texts.language_lines, LANGUAGES)
        return texts.languages.format(lines=lines)

    def changed(self, context: Context, option: str, chat: ChatSettings) -> str:
        texts = context.texts
        return texts.language_changed.format(language=texts.language_names[option])


class OwnHashtags(Choice):
    """The chat's own hashtags, for each of its posts; an option is hashtags separated by spaces."""

    verb = "own"
    field = "own_hashtags"

    def labels(self, texts: Texts) -> Mapping[str, str]:
        return {NONE: texts.button_own_none}

    def names(self, texts: Texts) -> Iterable[tuple[str, str]]:
        return [*super().names(texts), (texts.own_none, NONE)]

    def chosen(self, context: Context, chat: ChatSettings) -> str:
        return SOME if chat.own_hashtags else NONE

    def value(self, context: Context, chat: ChatSettings) -> str:
        return escape(line(chat.own_hashtags)) if chat.own_hashtags else context.texts.own_none

    async def page(self, context: Context, chat: ChatSettings) -> str:
        text = context.texts.own.format(tags=self.value(context, chat), most=MAX_OWN)
        return "\n\n".join(filter(None, [text, _left_out(context.texts, chat)]))

    def stored(self, option: str) -> Sequence[str]:
        if option == NONE:
            return ()
        return [tag.removeprefix("#") for tag in option.split()]

    def changed(self, context: Context, option: str, chat: ChatSettings) -> str:
        texts = context.texts
        if not chat.own_hashtags:
            return texts.own_removed
        shown = escape(line(own_hashtags_of(chat)))
        text = texts.own_changed.format(tags=shown) if shown else ""
        return "\n".join(filter(None, [text, _left_out(texts, chat)]))


class Model(Choice):
    """/model: which backend answers. Backends have the same names in every language."""

    verb = "model"
    field = "backend"
    in_settings = False

    def labels(self, texts: Texts) -> Mapping[str, str]:
        return {backend: backend for backend in BACKENDS}

    def options(self, context: Context) -> Mapping[str, str]:
        return {backend: backend for backend in context.services.engine.backends}

    def chosen(self, context: Context, chat: ChatSettings) -> str:
        return backend_of(context.services.engine, chat)

    async def page(self, context: Context, chat: ChatSettings) -> str:
        texts = context.texts
        lines = "\n".join(texts.model_lines[backend] for backend in self.options(context))
        return texts.model.format(backend=self.chosen(context, chat), lines=lines)

    def changed(self, context: Context, option: str, chat: ChatSettings) -> str:
        return context.texts.model_switched.format(backend=option)

    def refusal(self, context: Context, name: str) -> str:
        texts = context.texts
        text = texts.model_missing if name.casefold() in BACKENDS else texts.model_unknown
        installed = ", ".join(f"<b>{one}</b>" for one in self.options(context))
        return text.format(backend=escape(name[:40]), installed=installed)


platform, count, size, language = PlatformChoice(), Count(), Size(), Language()
style, own, model = Style(), OwnHashtags(), Model()

SETTINGS: tuple[Choice, ...] = (platform, count, size, language, style, own)
"""The pages of /settings, in their order."""


def _rule(texts: Texts, chat: ChatSettings, platform: Platform) -> str:
    """How many hashtags the platform takes, and how many the chat gets."""
    if platform.most is None:
        rule = texts.platform_no_limit.format(platform=platform.label)
    else:
        text = texts.platform_advises if platform.advised else texts.platform_takes
        most = texts.number(platform.most, texts.hashtags_at_most)
        rule = text.format(platform=platform.label, most=most)
    if chat.count not in (None, platform.count):
        own_number = texts.number(count_of(chat), texts.hashtags)
        return f"{rule} {texts.platform_own_number.format(hashtags=own_number)}"
    if platform.most == platform.count:
        return rule
    hashtags = texts.number(platform.count, texts.hashtags)
    return f"{rule} {texts.platform_sends.format(hashtags=hashtags)}"


def _left_out(texts: Texts, chat: ChatSettings) -> str:
    """Names those of the chat's own hashtags that do not fit into its answers, if any."""
    shown = own_hashtags_of(chat)
    left_out = escape(line(chat.own_hashtags[len(shown) :]))
    if not left_out:
        return ""
    hashtags = texts.number(count_of(chat), texts.hashtags)
    return texts.own_left_out.format(tags=left_out, hashtags=hashtags)


def _by_size(texts: Texts, knowledge: Knowledge, tags: Iterable[str]) -> list[str]:
    of_size: dict[str, list[str]] = {size: [] for size in reversed(SIZES)}
    for tag in tags:
        of_size[knowledge.size(meaning(tag, knowledge))].append(tag)
    return [
        f"{texts.size_names[size]}: {escape(line(members))}"
        for size, members in of_size.items()
        if members
    ]


def _lines(names: Mapping[str, str], lines: Mapping[str, str], order: Iterable[str]) -> str:
    return "\n".join(f"<b>{names[name]}</b>: {lines[name]}" for name in order)
