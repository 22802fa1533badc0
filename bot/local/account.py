"""Methods about the bot itself: its updates, its profile, the chats and files it may look at."""

from typing import Any

from bot.local import rules
from bot.local.chats import GROUPS, State
from bot.local.parameters import Arguments
from bot.local.profile import check_scope
from bot.local.rules import bad_request, check_language


async def get_me(state: State, p: Arguments) -> dict[str, Any]:
    return state.bot | {
        "can_join_groups": True,
        "can_read_all_group_messages": state.reads_groups,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


async def log_out(state: State, p: Arguments) -> bool:
    return True


async def get_updates(state: State, p: Arguments) -> list[dict[str, Any]]:
    allowed = p["allowed_updates"]
    if allowed is not None and not isinstance(allowed, list):
        raise bad_request("can't parse allowed updates: expected an Array of String")
    return await state.updates.get(p["offset"], p["limit"], p["timeout"], allowed)


async def set_webhook(state: State, p: Arguments) -> bool:
    if p["url"]:
        raise bad_request("bad webhook: the local server serves getUpdates only")
    return await delete_webhook(state, p)


async def delete_webhook(state: State, p: Arguments) -> bool:
    if p["drop_pending_updates"]:
        state.updates.clear()
    return True


async def get_webhook_info(state: State, p: Arguments) -> dict[str, Any]:
    info = {"url": "", "has_custom_certificate": False, "pending_update_count": len(state.updates)}
    return info | ({"allowed_updates": state.updates.allowed} if state.updates.allowed else {})


async def get_file(state: State, p: Arguments) -> dict[str, Any]:
    file = state.files.find(p["file_id"] or "")
    if file is not None and file.size > rules.MAX_DOWNLOAD:
        raise bad_request("file is too big")
    if file is None or state.files.read(file) is None:
        raise bad_request("wrong file_id or the file is temporarily unavailable")
    return {**file.as_object(), "file_path": file.path}


async def get_chat(state: State, p: Arguments) -> dict[str, Any]:
    chat = state.find_chat(p["chat_id"])
    gifts = "unlimited_gifts limited_gifts unique_gifts premium_subscription gifts_from_channels"
    return chat.as_object() | {
        "accent_color_id": chat.id % 7,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(gifts.split(), False),
    }


async def get_chat_member(state: State, p: Arguments) -> dict[str, Any]:
    chat = state.find_chat(p["chat_id"])
    if p["user_id"] == state.bot["id"]:
        return {"status": "member", "user": state.bot}
    user = chat.members.get(p["user_id"] or 0)
    if user is None:
        raise bad_request("user not found")
    # Whoever spoke first made the group.
    if chat.type in GROUPS and next(iter(chat.members)) == user["id"]:
        return {"status": "creator", "user": user, "is_anonymous": False}
    return {"status": "member", "user": user}


def _tell_commands(state: State) -> None:
    for chat in state.chats.values():
        for user_id in chat.listeners.users():
            language = chat.members.get(user_id, {}).get("language_code")
            commands = state.profile.commands_for(chat.id, user_id, language)
            chat.listeners.publish("commands", {"commands": commands}, only_user=user_id)


async def set_my_commands(state: State, p: Arguments) -> bool:
    key = (check_scope(p["scope"]), check_language(p["language_code"]))
    state.profile.commands[key] = rules.check_commands(p["commands"])
    _tell_commands(state)
    return True


async def get_my_commands(state: State, p: Arguments) -> list[dict[str, str]]:
    key = (check_scope(p["scope"]), check_language(p["language_code"]))
    return state.profile.commands.get(key, [])


async def delete_my_commands(state: State, p: Arguments) -> bool:
    key = (check_scope(p["scope"]), check_language(p["language_code"]))
    state.profile.commands.pop(key, None)
    _tell_commands(state)
    return True


def _set(
    texts: dict[str, str], language: str | None, text: str | None, limit: int, what: str
) -> bool:
    code = check_language(language)
    text = (text or "").strip()
    if len(text) > limit:
        raise bad_request(f"bot {what} length must not exceed {limit}")
    texts[code] = text
    return True


def _get(texts: dict[str, str], language: str | None) -> str:
    return texts.get(check_language(language)) or texts.get("", "")


async def set_my_name(state: State, p: Arguments) -> bool:
    if not p["language_code"] and not p["name"]:
        raise bad_request("bot name must be non-empty")
    done = _set(state.profile.names, p["language_code"], p["name"], rules.MAX_NAME, "name")
    state.bot["first_name"] = state.profile.names[""]
    return done


async def get_my_name(state: State, p: Arguments) -> dict[str, str]:
    return {"name": _get(state.profile.names, p["language_code"])}


async def set_my_description(state: State, p: Arguments) -> bool:
    texts = state.profile.descriptions
    return _set(texts, p["language_code"], p["description"], rules.MAX_DESCRIPTION, "description")


async def get_my_description(state: State, p: Arguments) -> dict[str, str]:
    return {"description": _get(state.profile.descriptions, p["language_code"])}


async def set_my_short_description(state: State, p: Arguments) -> bool:
    texts = state.profile.short_descriptions
    limit = rules.MAX_SHORT_DESCRIPTION
    return _set(texts, p["language_code"], p["short_description"], limit, "short description")


async def get_my_short_description(state: State, p: Arguments) -> dict[str, str]:
    return {"short_description": _get(state.profile.short_descriptions, p["language_code"])}


async def set_chat_menu_button(state: State, p: Arguments) -> bool:
    button = p["menu_button"] or {"type": "default"}
    if not isinstance(button, dict) or button.get("type") not in ("default", "commands"):
        raise bad_request("can't parse menu button: Unsupported type specified")
    if p["chat_id"] is not None:
        state.find_chat(p["chat_id"])
    state.profile.menu_buttons[p["chat_id"]] = {"type": button["type"]}
    return True


async def get_chat_menu_button(state: State, p: Arguments) -> dict[str, Any]:
    buttons = state.profile.menu_buttons
    return buttons.get(p["chat_id"]) or buttons.get(None) or {"type": "commands"}
