"""The bot's public face: commands by scope and language, name and descriptions."""

from collections.abc import Mapping
from typing import Any

from bot.local.rules import bad_request

_SIMPLE_SCOPES = (
    "default",
    "all_private_chats",
    "all_group_chats",
    "all_chat_administrators",
)
_CHAT_SCOPES = ("chat", "chat_administrators", "chat_member")
Scope = tuple[Any, ...]
Commands = list[dict[str, str]]


def check_scope(scope: Any) -> Scope:
    """A BotCommandScope as a key; RefusalError when it is none."""
    if scope in (None, {}):
        return ("default",)
    if not isinstance(scope, Mapping) or "type" not in scope:
        raise bad_request("can't parse BotCommandScope: type expected")
    kind = scope["type"]
    if kind in _SIMPLE_SCOPES:
        return (kind,)
    if kind not in _CHAT_SCOPES:
        raise bad_request("can't parse BotCommandScope: Unsupported type specified")
    key: Scope = (kind, _integer(scope, "chat_id"))
    return (*key, _integer(scope, "user_id")) if kind == "chat_member" else key


def _integer(scope: Mapping[str, Any], name: str) -> int:
    try:
        return int(scope[name])
    except (KeyError, TypeError, ValueError):
        raise bad_request(f"can't parse BotCommandScope: {name} expected") from None


class Profile:
    """What setMyCommands, setMyName and their kin set. The empty language is for everyone."""

    def __init__(self, name: str) -> None:
        self.commands: dict[tuple[Scope, str], Commands] = {}
        self.names: dict[str, str] = {"": name}
        self.descriptions: dict[str, str] = {}
        self.short_descriptions: dict[str, str] = {}
        self.menu_buttons: dict[int | None, dict[str, Any]] = {}

    def commands_for(self, chat_id: int, user_id: int, language: str | None) -> Commands:
        """The menu that one person sees in a chat: the narrowest scope that has commands, and in
        it the person's language before the others."""
        scopes: list[Scope]
        if chat_id > 0:
            scopes = [("chat", chat_id), ("all_private_chats",), ("default",)]
        else:
            scopes = [
                ("chat_member", chat_id, user_id),
                ("chat", chat_id),
                ("all_group_chats",),
                ("default",),
            ]
        for scope in scopes:
            for code in ((language or "")[:2], ""):
                if commands := self.commands.get((scope, code)):
                    return commands
        return []
