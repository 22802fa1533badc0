"""The OpenAPI document: well formed, and true of what the server answers."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from http_client import Client

from tests.colours import jpeg

METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
PLACES = {"query", "header", "path", "cookie"}
TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}


@pytest.fixture
async def document(ask: Client) -> Any:
    status, document, _ = await ask("/openapi.json")
    assert status == 200
    return document


def nested(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in a document, itself first."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value:
        if isinstance(inner, dict | list):
            yield from nested(inner)


def resolved(document: Any, reference: str) -> Any:
    at = document
    for name in reference.removeprefix("#/").split("/"):
        at = at[name]
    return at


def fits(document: Any, value: Any, schema: Any) -> bool:
    """Whether a value is what a schema says, of those words that the document uses."""
    if "$ref" in schema:
        return fits(document, value, resolved(document, schema["$ref"]))
    if "oneOf" in schema:
        return sum(fits(document, value, one) for one in schema["oneOf"]) == 1
    kinds = schema.get("type", list(TYPES))
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if not any(isinstance(value, TYPES[kind]) for kind in kinds):
        return False
    if value not in schema.get("enum", [value]) or value != schema.get("const", value):
        return False
    if isinstance(value, list):
        return all(fits(document, one, schema.get("items", {})) for one in value)
    if isinstance(value, dict):
        known = schema.get("properties", {})
        inner = (fits(document, value[name], known[name]) for name in known if name in value)
        return set(schema.get("required", ())) <= set(value) and all(inner)
    return True


def test_it_has_the_structure_of_openapi_3_1(document: Any) -> None:
    assert re.fullmatch(r"3\.1\.\d+", document["openapi"])
    assert {"openapi", "info", "paths"} <= set(document)
    assert set(document) <= {"openapi", "info", "servers", "paths", "components"}
    assert {"title", "version"} <= set(document["info"])
    assert all("url" in server for server in document["servers"])
    names: list[str] = []
    for path, item in document["paths"].items():
        assert path.startswith("/")
        assert set(item) <= METHODS
        for operation in item.values():
            names.append(operation["operationId"])
            for parameter in operation["parameters"]:
                assert parameter["in"] in PLACES
                assert parameter["name"] and "schema" in parameter
            assert {"200", "500"} <= set(operation["responses"])
            for status, response in operation["responses"].items():
                assert re.fullmatch("[1-5][0-9][0-9]", status)
                assert response["description"]
            for scheme in (name for one in operation["security"] for name in one):
                assert scheme in document["components"]["securitySchemes"]
            for media_type in operation.get("requestBody", {"content": {}})["content"]:
                assert re.fullmatch(r"[\w.+-]+/[\w.+*-]+", media_type)
    assert len(names) == len(set(names))
    for scheme in document["components"]["securitySchemes"].values():
        assert scheme["type"] in ("apiKey", "http")


def test_each_schema_is_one_and_each_reference_leads_somewhere(document: Any) -> None:
    for one in nested(document):
        if "$ref" in one:
            assert resolved(document, one["$ref"])
        if isinstance(one.get("type"), str) and "in" not in one and "scheme" not in one:
            assert one["type"] in TYPES
        if isinstance(one.get("required"), list):
            assert set(one["required"]) <= set(one["properties"])


@pytest.mark.parametrize(
    ("path", "photos"),
    [
        ("/v1/hashtags", [jpeg()]),
        ("/v1/hashtags", [jpeg(), b"no photo, and long enough to look at"]),
        ("/v1/hashtags", [b""]),
        ("/v1/similar?tag=red1", None),
        ("/v1/similar?tag=nothing_like_it", None),
        ("/v1/categories", None),
        ("/health", None),
        ("/openapi.json", None),
    ],
)
async def test_what_is_answered_is_what_it_describes(
    ask: Client, document: Any, path: str, photos: list[bytes] | None
) -> None:
    operation = document["paths"][path.partition("?")[0]]["get" if photos is None else "post"]
    if photos is None:
        status, answer, _ = await ask(path)
    else:
        answer = await ask.post(*photos)
        status = 422 if "error" in answer else 200
    schema = operation["responses"][str(status)]["content"]["application/json"]["schema"]
    assert fits(document, answer, schema)
