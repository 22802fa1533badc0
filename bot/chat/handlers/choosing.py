"""How a chat chooses: the one way of each page of /settings, and of /model.

A page shows what is chosen, with a button for each thing to choose; a name or a number typed after
the command chooses too. What there is to choose is in ``bot.chat.handlers.choices``.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from telegram import InlineKeyboardMarkup, Update

from bot.chat.handlers.buttons import NOTE_LENGTH, edit, plain, stale, tapped
from bot.chat.handlers.commands import message_of
from bot.chat.keyboards import choice_keyboard
from bot.chat.services import Context
from storage import chats
from storage.chat_settings import ChatSettings

Fields = Mapping[str, str | int | Sequence[str] | None]
"""Fields of ``ChatSettings`` and what is stored in them."""


class Choice(ABC):
    """One thing that a chat chooses.

    Attributes:
        verb: what its buttons' data begin with; it was once a command.
        in_settings: whether it is a page of /settings, which the page leads back to.
    """

    verb: str
    in_settings = True

    @abstractmethod
    def options(self, context: Context) -> Mapping[str, str]:
        """What can be chosen by button: its name, and what it is called here.

        Nothing where the model knows too little for a choice.
        """

    @abstractmethod
    def chosen(self, context: Context, chat: ChatSettings) -> str:
        """The option that holds in the chat."""

    @abstractmethod
    async def page(self, context: Context, chat: ChatSettings) -> str:
        """HTML: what holds in the chat, and what the options are."""

    @abstractmethod
    def fields(self, option: str) -> Fields:
        """What is stored of the chat when it chooses an option."""

    @abstractmethod
    def changed(self, context: Context, option: str, chat: ChatSettings) -> str:
        """HTML: what is different from now on. ``chat`` has chosen the option."""

    def value(self, context: Context, chat: ChatSettings) -> str:
        """HTML: what holds in the chat, in a few words."""
        return self.options(context)[self.chosen(context, chat)]

    def refusal(self, context: Context, name: str) -> str:
        """HTML: that a name is no option."""
        names = list(self.options(context).values())
        return context.texts.choice_unknown.format(names=context.texts.one_of(names))

    def missing(self, context: Context) -> str:
        """HTML: why there is nothing to choose."""
        return context.texts.knows_little

    def option_named(self, context: Context, name: str) -> str | None:
        """The option of that name, its own or the one on its button."""
        for option, label in self.options(context).items():
            if name.casefold() in (option, label.casefold()):
                return option
        return None

    async def asked(self, update: Update, context: Context) -> None:
        """A command of its own, with a name or without."""
        message = message_of(update)
        text, keyboard = await self.answer(context, message.chat_id, " ".join(context.args or ()))
        await context.reply(message, text, keyboard)

    async def answer(
        self, context: Context, chat_id: int, name: str
    ) -> tuple[str, InlineKeyboardMarkup | None]:
        """What a command is answered with."""
        if not self.options(context):
            return self.missing(context), None
        if not name:
            return await self.shown(context, chat_id)
        option = self.option_named(context, name)
        if option is None:
            return self.refusal(context, name), None
        return await self.change(context, chat_id, option), None

    async def tapped(self, update: Update, context: Context) -> None:
        """A button below its page."""
        query, message, data = tapped(update)
        option = self.option_named(context, data.word("option"))
        if option is None:
            await stale(update, context)
            return
        chat_id = message.chat_id
        changed = await self.change(context, chat_id, option)
        await edit(query, *await self.shown(context, chat_id))
        await query.answer(plain(changed)[:NOTE_LENGTH])

    async def shown(self, context: Context, chat_id: int) -> tuple[str, InlineKeyboardMarkup]:
        """Its page and the buttons below."""
        async with context.services.database.reading() as session:
            chat = await chats.get(session, chat_id)
        back = context.texts.button_settings if self.in_settings else None
        keyboard = choice_keyboard(
            self.verb, self.options(context), self.chosen(context, chat), back=back
        )
        return await self.page(context, chat), keyboard

    async def change(self, context: Context, chat_id: int, option: str) -> str:
        """Stores what the chat chooses; HTML of what is different from now on."""
        async with context.services.database.session() as session:
            chat = await chats.change(session, chat_id, **self.fields(option))
        return self.changed(context, option, chat)
