"""Reads the parameters of a method from a request's query, form or JSON."""

import inspect
import json
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from bot.local.refusals import bad_request

Upload = web.FileField | None
"""The type of a parameter that is an uploaded file."""


def parameters_of(method: Callable[..., Any]) -> dict[str, Any]:
    """The name and the type of each Bot API parameter of a function in ``methods``."""
    _, *named = inspect.signature(method).parameters.values()  # the first is the state
    return {parameter.name: parameter.annotation for parameter in named}


async def read_arguments(request: web.Request, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a call by name, converted; empty ones are left out.

    Raises:
        RefusalError: for an unreadable body, a value of a wrong type, or a parameter that the
            method does not have here.
    """
    raw: dict[str, Any] = dict(request.query)
    try:
        if request.content_type == "application/json":
            raw |= await request.json()
        else:
            raw |= dict((await request.post()).items())
    except (ValueError, TypeError):
        raise bad_request("can't parse the request: expected a JSON object or a form") from None
    if unknown := set(raw) - set(parameters):
        raise bad_request(f'the method has no parameter "{min(unknown)}" in the local chat')
    arguments = {
        name: _convert(name, value, parameters[name])
        for name, value in raw.items()
        if value not in (None, "")
    }
    try:
        for value in arguments.values():
            if not isinstance(value, web.FileField):
                json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        # A lone surrogate is valid in JSON if escaped, but not encodable text.
        raise bad_request("strings must be encoded in UTF-8") from None
    return arguments


def _convert(name: str, value: Any, kind: Any) -> Any:
    if (kind is Upload) != isinstance(value, web.FileField):
        raise bad_request(
            f"{name} must {'be uploaded in the local chat' if kind is Upload else 'be no file'}"
        )
    if kind is bool:
        return str(value).lower() in ("true", "yes", "1")
    if kind is int:
        try:
            return int(value)
        except (TypeError, ValueError):
            raise bad_request(f"{name} must be an Integer") from None
    if kind is str and not isinstance(value, str):
        raise bad_request(f"{name} must be a String")
    if kind is Any and isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            raise bad_request(f"can't parse {name} JSON object") from None
    return value
