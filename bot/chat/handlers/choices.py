"""What a chat can choose, a class for each; ``bot.chat.handlers.choosing`` is how it does."""

from collections.abc import Iterable, Mapping
from html import escape

from bot.chat.answering import RANKED, backend_of, language_of, mix_of
from bot.chat.handlers.choosing import Choice
from bot.chat.platforms import PLATFORMS, Platform, platform_of
from bot.chat.rendering import line
from bot.chat.services import Context
from bot.chat.texts import Texts
from recommenders.answers import FIRST, MIXES, SIZES
from recommenders.backends import BACKENDS, LANGUAGES, STYLES
from recommenders.knowledge import Knowledge
from recommenders.languages import meaning
from storage import recommendations
from storage.chats import ChatSettings

COUNTS = (5, 10, 30)
MIX_NAMES = (RANKED, *MIXES)

ANYWHERE = "anywhere"
"""The platform of a chat that has chosen none."""


class PlatformChoice(Choice):
    """/for: count and style as the platform takes them, until the chat chooses one of these."""

    verb = "for"

    def options(self, context: Context) -> Mapping[str, str]:
        labels = {name: platform.label for name, platform in PLATFORMS.items()}
        return labels | {ANYWHERE: context.texts.platform_anywhere}

    def option_named(self, context: Context, name: str) -> str | None:
        aliases = (key for key, one in PLATFORMS.items() if name.casefold() in one.aliases)
        return super().option_named(context, name) or next(aliases, None)

    def chosen(self, context: Context, chat: ChatSettings) -> str:
        return chat.platform if chat.platform and platform_of(chat) else ANYWHERE

    async def text(self, context: Context, chat: ChatSettings) -> str:
        lines = [_platform_line(context.texts, platform) for platform in PLATFORMS.values()]
        return context.texts.platform.format(lines="\n".join(lines))

    def fields(self, option: str) -> Mapping[str, str | None]:
        return {"platform": None if option == ANYWHERE else option}

    def changed(self, context: Context, option: str, before: ChatSettings) -> str:
        texts = context.texts
        if option == ANYWHERE:
            return texts.platform_ended.format(
                hashtags=texts.number(before.count, texts.hashtags),
                style=texts.style_names[before.style],
            )
        return texts.platform_changed.format(platform=_platform_line(texts, PLATFORMS[option]))

    def refusal(self, context: Context, name: str) -> str:
        names = ", ".join(f"<b>{one}</b>" for one in PLATFORMS)
        return context.texts.platform_unknown.format(wanted=escape(name[:40]), names=names)


class Count(Choice):
    """/count: how many hashtags a photo gets."""

    verb = "count"
    platform_decides = True

    def options(self, context: Context) -> Mapping[str, str]:
        return {str(count): str(count) for count in COUNTS}

    def chosen(self, context: Context, chat: ChatSettings) -> str:
        return str(chat.count)

    async def text(self, context: Context, chat: ChatSettings) -> str:
        texts = context.texts
        return texts.count.format(hashtags=texts.number(chat.count, texts.hashtags))

    def fields(self, option: str) -> Mapping[str, int | None]:
        return {"count": int(option), "platform": None}

    def changed(self, context: Context, option: str, before: ChatSettings) -> str:
        texts = context.texts
        text = texts.count_changed.format(hashtags=texts.number(int(option), texts.hashtags))
        if platform := platform_of(before):
            style = texts.style_names[before.style]
            ended = texts.count_ended_platform.format(platform=platform.label, style=style)
            text += f"\n{ended}"
        return text


class Style(Choice):
    """/style: how hashtags are ranked."""

    verb = "style"
    platform_decides = True

    def options(self, context: Context) -> Mapping[str, str]:
        return {style: context.texts.style_names[style] for style in STYLES}

    def chosen(self, context: Context, chat: ChatSettings) -> str:
        return chat.style

    async def text(self, context: Context, chat: ChatSettings) -> str:
        texts = context.texts
        lines = _lines(texts.style_names, texts.style_lines, STYLES)
        return texts.style.format(style=texts.style_names[chat.style], lines=lines)

    def remark(self, context: Context) -> str:
        return "" if context.services.engine.rated else context.texts.style_unrated

    def fields(self, option: str) -> Mapping[str, str | None]:
        return {"style": option, "platform": None}

    def changed(self, context: Context, option: str, before: ChatSettings) -> str:
        texts = context.texts
        text = texts.style_changed.format(style=texts.style_names[option])
        if platform := platform_of(before):
            hashtags = texts.number(before.count, texts.hashtags)
            ended = texts.style_ended_platform.format(platform=platform.label, hashtags=hashtags)
            text += f"\n{ended}"
        return text


class Size(Choice):
    """/size: the mix of niche, middle and broad hashtags."""

    verb = "size"

    def options(self, context: Context) -> Mapping[str, str]:
        if context.services.engine.knowledge is None:
            return {}
        return {mix: context.texts.mix_names[mix] for mix in MIX_NAMES}

    def chosen(self, context: Context, chat: ChatSettings) -> str:
        return mix_of(context.services.engine, chat) or RANKED

    async def text(self, context: Context, chat: ChatSettings) -> str:
        services, texts = context.services, context.texts
        await services.chat_locks.wait(chat.chat_id)
        async with services.database.reading() as session:
            last = await recommendations.last_in_chat(session, chat.chat_id)
        text = texts.mix.format(
            mix=texts.mix_names[self.chosen(context, chat)],
            lines=_lines(texts.mix_names, texts.mix_lines, MIX_NAMES),
        )
        if last is not None and last.tags and services.engine.knowledge is not None:
            sizes = "\n".join(_by_size(texts, services.engine.knowledge, last.tags[:FIRST]))
            text += f"\n\n{texts.mix_last.format(sizes=sizes)}"
        return text

    def fields(self, option: str) -> Mapping[str, str]:
        return {"mix": option}

    def changed(self, context: Context, option: str, before: ChatSettings) -> str:
        return context.texts.mix_changed.format(mix=context.texts.mix_names[option])


class Model(Choice):
    """/model: which backend answers. They are named by their keys in every language."""

    verb = "model"

    def options(self, context: Context) -> Mapping[str, str]:
        return {backend: backend for backend in context.services.engine.backends}

    def chosen(self, context: Context, chat: ChatSettings) -> str:
        return backend_of(context.services.engine, chat)

    async def text(self, context: Context, chat: ChatSettings) -> str:
        texts, engine = context.texts, context.services.engine
        networks = {backend: " + ".join(engine.backbones[backend]) for backend in engine.backends}
        if len(set(networks.values())) == 1:
            lines = [texts.model_lines[backend] for backend in networks]
            lines += ["", texts.model_network.format(network=networks[engine.backends[0]])]
        else:
            lines = [f"{texts.model_lines[name]} ({network})" for name, network in networks.items()]
        return texts.model.format(backend=self.chosen(context, chat), lines="\n".join(lines))

    def fields(self, option: str) -> Mapping[str, str]:
        return {"backend": option}

    def changed(self, context: Context, option: str, before: ChatSettings) -> str:
        return context.texts.model_switched.format(backend=option)

    def refusal(self, context: Context, name: str) -> str:
        texts = context.texts
        text = texts.model_missing if name.casefold() in BACKENDS else texts.model_unknown
        installed = ", ".join(f"<b>{one}</b>" for one in self.options(context))
        return text.format(backend=escape(name[:40]), installed=installed)


class Language(Choice):
    """/language: English hashtags, Russian ones, or both."""

    verb = "language"

    def options(self, context: Context) -> Mapping[str, str]:
        return {language: context.texts.language_names[language] for language in LANGUAGES}

    def chosen(self, context: Context, chat: ChatSettings) -> str:
        return language_of(chat, context.texts)

    async def text(self, context: Context, chat: ChatSettings) -> str:
        texts = context.texts
        return texts.languages.format(
            language=texts.language_names[self.chosen(context, chat)],
            lines=_lines(texts.language_names, texts.language_lines, LANGUAGES),
        )

    def fields(self, option: str) -> Mapping[str, str]:
        return {"language": option}

    def changed(self, context: Context, option: str, before: ChatSettings) -> str:
        texts = context.texts
        return texts.language_changed.format(language=texts.language_names[option])


for_, count, style, size = PlatformChoice(), Count(), Style(), Size()
model, language = Model(), Language()


def _platform_line(texts: Texts, platform: Platform) -> str:
    return texts.platform_line.format(
        platform=platform.label,
        hashtags=texts.number(platform.count, texts.hashtags),
        style=texts.style_names[platform.style],
    )


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
