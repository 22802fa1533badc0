"""How a request says the parameters of a method: in its query, as a form, or as JSON."""

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from bot.local.methods import Kind
from bot.local.refusals import bad_request


async def read_arguments(request: web.Request, parameters: Mapping[str, Kind]) -> dict[str, Any]:
    """The parameters of a call by name, converted; empty ones are left out.

    Raises:
        RefusalError: for a body that cannot be read, a value of a wrong type, and a parameter
            that the method does not have here.
    """
    raw: dict[str, Any] = dict(request.query)
    try:
        if request.content_type == "application/json":
            raw |= await request.json()
        else:
            raw |= {name: str(value) for name, value in (await request.post()).items()}
    except (ValueError, TypeError):
        raise bad_request("can't parse the request: expected a JSON object or a form") from None
    arguments = {}
    for name, value in raw.items():
        if name not in parameters:
            raise bad_request(f'the method has no parameter "{name}" in the local chat')
        if value not in (None, ""):
            arguments[name] = _convert(name, value, parameters[name])
    try:
        json.dumps(arguments, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        # Half of a surrogate pair is JSON when it is escaped, but no text.
        raise bad_request("strings must be encoded in UTF-8") from None
    return arguments


def _convert(name: str, value: Any, kind: Kind) -> Any:
    if kind == "boolean":
        return str(value).lower() in ("true", "yes", "1")
    if kind == "integer":
        try:
            return int(value)
        except (TypeError, ValueError):
            raise bad_request(f"{name} must be an Integer") from None
    if kind == "json" and isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            raise bad_request(f"can't parse {name} JSON object") from None
    if kind == "string" and not isinstance(value, str):
        raise bad_request(f"{name} must be a String")
    return value
