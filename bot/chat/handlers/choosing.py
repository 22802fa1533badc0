"""How a chat chooses: the one way of /for, /count, /style, /size, /model and /language.

A command shows what is chosen, with a button for each thing to choose; with a name after it, it
chooses by name. What there is to choose is in ``bot.chat.handlers.choices``.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping

from telegram import InlineKeyboardMarkup, Update

from bot.chat.handlers.buttons import edit, plain, stale, tapped
from bot.chat.handlers.commands import message_of
from bot.chat.keyboards import choice_keyboard
from bot.chat.platforms import platform_of, settings_of
from bot.chat.services import Context
from storage import chats
from storage.chats import ChatSettings

NOTE_LENGTH = 200
"""Telegram's limit of the note on top of a chat that answers a tap."""


class Choice(ABC):
    """One thing that a chat chooses; ``verb`` is its command, and its buttons' verb."""

    verb: str
    platform_decides = False
    """A platform that the chat follows decides this, until the chat chooses it."""

    @abstractmethod
    def options(self, context: Context) -> Mapping[str, str]:
        """What can be chosen: its name, and what it is called here. Nothing: it is not known."""

    @abstractmethod
    def chosen(self, context: Context, chat: ChatSettings) -> str | None:
        """The option that holds in the chat; None where it is none of them."""

    @abstractmethod
    async def text(self, context: Context, chat: ChatSettings) -> str:
        """HTML: what holds in the chat, and what the options are."""

    @abstractmethod
    def fields(self, option: str) -> Mapping[str, str | int | None]:
        """What is stored of the chat when it chooses an option."""

    @abstractmethod
    def changed(self, context: Context, option: str, before: ChatSettings) -> str:
        """HTML: what is different from now on."""

    def refusal(self, context: Context, name: str) -> str:
        """HTML: that a name is no option."""
        texts = context.texts
        names = list(self.options(context).values())
        return texts.choice_unknown.format(
            names=texts.one_of(names), command=self.verb, example=names[-1]
        )

    def remark(self, context: Context) -> str:
        """What is to be known besides, below what a command is answered with; mostly nothing."""
        return ""

    def option_named(self, context: Context, name: str) -> str | None:
        """The option of that name, its own or the one on its button."""
        for option, label in self.options(context).items():
            if name.casefold() in (option, label.casefold()):
                return option
        return None

    async def asked(self, update: Update, context: Context) -> None:
        """The command, with a name or without."""
        message = message_of(update)
        name = " ".join(context.args or ())
        if not self.options(context):
            await message.reply_html(context.texts.knows_little)
        elif not name:
            text, keyboard = await self._menu(context, message.chat_id)
            await message.reply_html(text, reply_markup=keyboard)
        elif option := self.option_named(context, name):
            lines = [await self._change(context, message.chat_id, option), self.remark(context)]
            await message.reply_html("\n".join(filter(None, lines)))
        else:
            await message.reply_html(self.refusal(context, name))

    async def tapped(self, update: Update, context: Context) -> None:
        """A button below what the command shows."""
        query, data = tapped(update)
        if query.message is None or data[1] not in self.options(context):
            await stale(update, context)
            return
        chat_id = query.message.chat.id
        changed = await self._change(context, chat_id, data[1])
        await edit(query, *await self._menu(context, chat_id))
        await query.answer(plain(changed)[:NOTE_LENGTH])

    async def _menu(self, context: Context, chat_id: int) -> tuple[str, InlineKeyboardMarkup]:
        async with context.services.database.reading() as session:
            chat = await settings_of(session, chat_id)
        parts = [await self.text(context, chat)]
        if self.platform_decides and (platform := platform_of(chat)):
            parts.append(context.texts.platform_decides.format(platform=platform.label))
        if remark := self.remark(context):
            parts.append(f"<i>{remark}</i>")
        options, chosen = self.options(context), self.chosen(context, chat)
        return "\n\n".join(parts), choice_keyboard(self.verb, options, chosen)

    async def _change(self, context: Context, chat_id: int, option: str) -> str:
        async with context.services.database.session() as session:
            before = await chats.get(session, chat_id)
            await chats.change(session, chat_id, **self.fields(option))
        return self.changed(context, option, before)
