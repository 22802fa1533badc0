"""The OpenAPI 3.1 document, generated from the routes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bot.http.fields import Field
from bot.http.limits import Limits
from recommenders.backends import BACKENDS

if TYPE_CHECKING:
    from bot.http.routes import Route

_TEXT = {"type": "string"}
_REFUSAL_OF_EACH = {
    400: "a field is missing, unknown or has a value that is not allowed",
    401: "the key is missing or wrong",
    403: "the request came from another site, or to a name that is not this server's",
    500: "something went wrong here; the server's log says what",
    503: "too many are waiting; Retry-After says how many seconds to wait",
}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _list(of: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": of}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


SCHEMAS: dict[str, dict[str, Any]] = {
    "Hashtag": _object(
        tag={**_TEXT, "description": "Without #.", "examples": ["goldenhour"]},
        score={"type": "number", "description": "How well it fits, 0 to 1."},
    ),
    "Answer": _object(
        photo={**_TEXT, "description": "The file's name in the form; photo for a bare body."},
        backend={**_TEXT, "enum": list(BACKENDS)},
        backbone={**_TEXT, "examples": ["efficientnet_lite2"]},
        model={**_TEXT, "examples": ["starter-1"]},
        hashtags=_list(_ref("Hashtag")),
        elapsed_ms={"type": "number", "description": "Decoding, features and recommending."},
    ),
    "Unanswered": _object(
        photo=_TEXT,
        error={**_TEXT, "description": "A sentence for people."},
        reason={**_TEXT, "description": "A word that stays the same.", "examples": ["truncated"]},
    ),
    "Answers": {
        **_list({"oneOf": [_ref("Answer"), _ref("Unanswered")]}),
        "description": "One for each photo, in the order of the form.",
    },
    "Similar": _object(tag=_TEXT, hashtags=_list(_ref("Hashtag"))),
    "Categories": _list(
        _object(
            category={**_TEXT, "description": "Its name, the same in every language."},
            title={**_TEXT, "description": "Its name in the chosen language."},
            head={"type": ["string", "null"], "description": "The category it belongs to."},
            posts={"type": ["integer", "null"], "description": "Null where it has no count."},
            tags=_list(_TEXT),
        ),
    ),
    "Health": _object(
        status={**_TEXT, "const": "ok"},
        model=_TEXT,
        uptime_s={"type": "number", "description": "Seconds since the server started."},
    ),
    "Document": {"type": "object", "description": "OpenAPI 3.1."},
    "Error": _object(
        error={**_TEXT, "description": "A sentence for people."},
        reason={**_TEXT, "description": "A word that stays the same."},
    ),
}


def document(routes: Sequence["Route"]) -> dict[str, Any]:
    """The document, ready for JSON."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "tag4pic",
            "version": "1",
            "summary": "Hashtags for photos",
            "description": "What `tag4pic recommend --json` prints, over HTTP. Nothing is stored.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            },
        },
    }


def _operation(route: "Route") -> dict[str, Any]:
    names = (route.answer,) if isinstance(route.answer, str) else route.answer
    schemas = [_ref(name) for name in names]
    answer = schemas[0] if len(schemas) == 1 else {"oneOf": schemas}
    refusals = {**_REFUSAL_OF_EACH, **(route.refusals or {})}
    if route.open:
        del refusals[401]
    operation: dict[str, Any] = {
        "operationId": route.handler.__name__,
        "summary": route.summary,
        "description": (route.handler.__doc__ or "").strip(),
        "parameters": [_parameter(field) for field in route.fields],
        "responses": {
            "200": {"description": "The answer", "content": _json(answer)},
            **{
                str(status): {"description": text.capitalize(), "content": _json(_ref("Error"))}
                for status, text in sorted(refusals.items())
            },
        },
        # A key is optional only on this machine.
        "security": [{}] if route.open else [{}, {"bearer": []}, {"header": []}],
    }
    if route.takes_photos:
        operation["requestBody"] = _photos(route.fields)
    return operation


def _parameter(field: Field) -> dict[str, Any]:
    return {
        "name": field.name,
        "in": "query",
        "description": field.description,
        "required": field.required,
        "schema": field.schema,
    }


def _photos(fields: Sequence[Field]) -> dict[str, Any]:
    limits = Limits()
    photo = {"type": "string", "contentMediaType": "application/octet-stream"}
    chosen = {one.name: {**one.schema, "description": one.description} for one in fields}
    form = {
        "type": "object",
        "properties": {"photo": {**_list(photo), "maxItems": limits.photos}, **chosen},
        "required": ["photo"],
    }
    return {
        "required": True,
        "description": (
            f"A photo as it is, of at most {limits.photo // 2**20} MB (JPEG, PNG, WebP, HEIC, "
            f"AVIF, GIF, BMP or TIFF), or a form with up to {limits.photos} photos and "
            f"{limits.body // 2**20} MB, whose other fields mean the same as in the query."
        ),
        "content": {
            "image/*": {},
            "application/octet-stream": {},
            "multipart/form-data": {"schema": form},
        },
    }


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
