"""The base class of all settings: the pages of /settings, and /model.

A page shows the current option, with a button for each option; a name or a number typed after the
command chooses one too. The settings are in ``bot.chat.handlers.choices``.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence

from telegram import Update

from bot.chat.handlers.buttons import NOTE_LENGTH, edit, plain, stale, tapped
from bot.chat.handlers.commands import message_of
from bot.chat.keyboards import choice_keyboard
from bot.chat.replies import TextAndButtons
from bot.chat.services import Context
from bot.chat.texts import LANGUAGES, Texts
from recommenders.engine import Engine
from storage import chats
from storage.chat_settings import ChatSettings


class Choice(ABC):
    """One setting of a chat.

    Attributes:
        verb: of its buttons' callback data; formerly its command.
        field: of ``ChatSettings``, where it is stored.
        in_settings: whether it is a page of /settings, with a button back to it.
    """

    verb: str
    field: str
    in_settings = True

    @abstractmethod
    def labels(self, texts: Texts) -> Mapping[str, str]:
        """The options with a button, by name, and their labels."""

    def is_offered(self, engine: Engine) -> bool:
        """Whether the bundle has what the setting needs."""
        return True

    def options(self, context: Context) -> Mapping[str, str]:
        """``labels`` in the user's language; empty if the setting is not offered."""
        return self.labels(context.texts) if self.is_offered(context.services.engine) else {}

    @abstractmethod
    def chosen(self, context: Context, chat: ChatSettings) -> str:
        """The chat's current option."""

    @abstractmethod
    async def page(self, context: Context, chat: ChatSettings) -> str:
        """HTML of the page: the current option, and what the options mean."""

    @abstractmethod
    def changed(self, context: Context, option: str, chat: ChatSettings) -> str:
        """HTML that confirms ``option``, which ``chat`` has already."""

    def stored(self, option: str) -> str | int | Sequence[str] | None:
        """What is stored when the chat chooses an option."""
        return option

    def value(self, context: Context, chat: ChatSettings) -> str:
        """HTML: the current option in a few words."""
        return self.options(context)[self.chosen(context, chat)]

    def refusal(self, context: Context, name: str) -> str:
        """HTML that says that a name is not an option."""
        names = list(self.options(context).values())
        return context.texts.choice_unknown.format(names=context.texts.one_of(names))

    def missing(self, context: Context) -> str:
        """HTML that says why there are no options."""
        return context.texts.knows_little

    def names(self, texts: Texts) -> Iterable[tuple[str, str]]:
        """What people may type beside an option's name, and the option: the buttons' labels."""
        return ((label, option) for option, label in self.labels(texts).items())

    def option_named(self, context: Context, name: str) -> str | None:
        """The option with this name, or with this label in any language."""
        options, typed = self.options(context), name.casefold().replace("'", "’")
        named = {
            label.casefold(): option
            for texts in LANGUAGES.values()
            for label, option in self.names(texts)
        }
        option = typed if typed in options else named.get(typed)
        return option if option in options else None

    async def command(self, update: Update, context: Context) -> None:
        """The setting's own command, with or without an option's name."""
        message, name = message_of(update), " ".join(context.args or ())
        await context.reply(message, *await self.answer(context, message.chat_id, name))

    async def answer(self, context: Context, chat_id: int, name: str) -> TextAndButtons:
        """The answer to the setting's own command."""
        if not self.options(context):
            return self.missing(context), None
        if not name:
            return await self.shown(context, chat_id)
        option = self.option_named(context, name)
        if option is None:
            return self.refusal(context, name), None
        return await self.change(context, chat_id, option), None

    async def tapped(self, update: Update, context: Context) -> None:
        """A tap on an option's button."""
        query, message, data = tapped(update)
        option = self.option_named(context, data.word("option"))
        if option is None:
            await stale(query, context)
            return
        chat_id = message.chat_id
        changed = await self.change(context, chat_id, option)
        await edit(query, *await self.shown(context, chat_id))
        await query.answer(plain(changed)[:NOTE_LENGTH])

    async def shown(self, context: Context, chat_id: int) -> TextAndButtons:
        """The page and its buttons."""
        async with context.services.database.reading() as session:
            chat = await chats.get(session, chat_id)
        back = context.texts.button_settings if self.in_settings else None
        keyboard = choice_keyboard(
            self.verb, self.options(context), self.chosen(context, chat), back=back
        )
        return await self.page(context, chat), keyboard

    async def change(self, context: Context, chat_id: int, option: str) -> str:
        """Stores the chat's choice; returns the HTML that confirms it."""
        async with context.services.database.session() as session:
            chat = await chats.change(session, chat_id, **{self.field: self.stored(option)})
        return self.changed(context, option, chat)
