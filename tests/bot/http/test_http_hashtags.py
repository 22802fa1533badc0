"""Hashtags over HTTP: what ``tag4pic recommend`` and ``tag4pic tags`` give, refusals in words."""

import json
import logging
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from http_client import Client, Serve
from typer.testing import CliRunner

from bot.cli.main import app
from recommenders.bundle import STARTER, save
from recommenders.engine import Engine
from tests.colours import colour_bundle, colour_engine, jpeg
from tests.recommenders.fragile_decoding import make_fragile

FORM = "multipart/form-data; boundary=xx"


def printed(*arguments: str) -> tuple[list[Any], list[str]]:
    """What a command prints: its JSON lines, and the lines on stderr."""
    result = CliRunner().invoke(app, arguments)
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    return rows, result.stderr.splitlines()


def untimed(answer: dict[str, Any]) -> dict[str, Any]:
    assert answer["elapsed_ms"] > 0
    return {name: value for name, value in answer.items() if name != "elapsed_ms"}


async def test_the_starter_answers_what_recommend_prints_for_the_same_photos(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MODEL_DIR", str(STARTER))
    photos = [jpeg("green"), jpeg("blue", 1), b"no photo at all, and long enough to look at"]
    names = [f"{number}.jpg" for number in (1, 2, 3)]
    for name, photo in zip(names, photos, strict=True):
        (tmp_path / name).write_bytes(photo)
    caption = "on the beach at sunset"
    options = ("--for", "vk", "--language", "both", "--caption", caption)
    rows, errors = printed("recommend", *names, *options, "--json")

    ask = await serve(engine=Engine.load(STARTER))
    chosen = {"platform": "vk", "language": "both", "caption": caption}
    several = await ask.post(*photos, **chosen)
    assert [untimed(one) for one in several[:2]] == [untimed(row) for row in rows]
    assert [list(one) for one in several[:2]] == [list(row) for row in rows]
    [line] = errors
    name, _, why = line.partition(": ")
    assert several[2]["photo"] == name
    assert several[2]["error"] == f"{why[0].upper()}{why[1:]}."  # a sentence of its own
    status, one, _ = await ask("/v1/hashtags", "POST", data=photos[0], params=chosen)
    assert status == 200
    assert one["hashtags"] == rows[0]["hashtags"] != []


async def test_one_photo_of_a_form_is_an_object_with_its_files_name(ask: Client) -> None:
    answer = await ask.post(jpeg("green"), count="3", backend="w2v")
    assert answer["photo"] == "1.jpg"
    assert answer["backend"] == "w2v"
    assert [one["tag"] for one in answer["hashtags"]] == [f"greendish{n}" for n in (1, 2, 3)]


async def test_what_curl_sends_as_a_bare_body_is_a_photo(ask: Client) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    status, answer, _ = await ask("/v1/hashtags", "POST", data=jpeg("red"), headers=headers)
    assert status == 200
    assert answer["hashtags"][0]["tag"].startswith("red")


@pytest.mark.parametrize(
    ("path", "command"),
    [
        ("/v1/similar?tag=%23Red1&count=3", ("similar", "#Red1", "--top", "3")),
        ("/v1/categories?count=4", ("categories", "--top", "4")),
    ],
)
async def test_lookups_give_what_tags_prints_without_blocked_hashtags(
    serve: Serve,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    command: tuple[str, ...],
) -> None:
    bundle = colour_bundle(knowledge=True, dishes=("soup", "bongs", "pie"))
    save(bundle, tmp_path / "bundle")
    monkeypatch.setenv("MODEL_DIR", str(tmp_path / "bundle"))
    rows, _ = printed("tags", *command, "--json")
    ask = await serve(engine=colour_engine(bundle))
    status, answer, _ = await ask(path)
    assert status == 200
    assert (answer["hashtags"] if "similar" in path else answer) == rows != []
    assert "bongs" not in [tag for row in rows for tag in row.get("tags", [])]


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/v1/hashtags?top=3", "There is no field top, only platform, count"),
        ("/health?x=1", "There is no field x, nor any other."),
        ("/v1/hashtags?count=0", "count must be a whole number from 1 to 100."),
        ("/v1/hashtags?count=1_0", "count must be a whole number from 1 to 100."),
        ("/v1/hashtags?language=de", "language must be one of en, ru, both."),
        ("/v1/hashtags?platform=myspace", "There is no platform myspace, only instagram"),
        ("/v1/hashtags?backend=both&backend=als", "The field backend is given twice."),
        ("/v1/hashtags?caption=" + "x" * 2001, "caption may have at most 2,000 characters."),
        ("/v1/similar", "The field tag is missing."),
        ("/v1/similar?tag=rad1", "does not know #rad1. Similar spellings: #red1"),
        ("/v1/similar?tag=two%20words", "is not a hashtag"),
        ("/v1/similar?tag=red1&model=cbow", "has no cbow vectors: it has skipgram."),
        ("/v2", "There is nothing here: see /openapi.json."),
        ("/page/../server.py", "There is nothing here: see /openapi.json."),
    ],
)
async def test_what_cannot_be_chosen_is_refused_in_a_sentence(
    ask: Client, path: str, sentence: str
) -> None:
    method = "POST" if "hashtags" in path else "GET"
    status, answer, _ = await ask(path, method, data=jpeg() if method == "POST" else None)
    assert status in (400, 404)
    assert sentence in answer["error"]
    assert answer["reason"]


async def test_a_backend_that_is_not_installed_says_which_are(serve: Serve) -> None:
    ask = await serve(engine=colour_engine(colour_bundle(backends=("als",))))
    answer = await ask.post(jpeg(), backend="w2v")
    assert answer["error"].startswith("The backend w2v is not installed: the bundle colours-1 has")
    assert (await ask("/v1/categories"))[0] == 404


@pytest.mark.parametrize(
    ("body", "headers", "status", "reason"),
    [
        (b"", {}, 422, "empty"),
        (b"no photo at all, and long enough to look at", {}, 422, "not_an_image"),
        (jpeg()[:900], {}, 422, "truncated"),
        (jpeg(), {"Content-Encoding": "gzip"}, 415, "encoding"),
        (b"--xx--", {"Content-Type": FORM}, 400, "no_photo"),
        (b"no form", {"Content-Type": FORM}, 400, "form"),
        (b"--xx\r\nContent-Disp", {"Content-Type": FORM}, 400, "form"),
        (b"--xx\r\n\r\n", {"Content-Type": "multipart/form-data"}, 400, "form"),
        (b"--xx\r\n\r\nsunset\r\n--xx--", {"Content-Type": FORM}, 400, "form"),
        (b"--xx\r\n\r\n" + b"x" * 2**20 + b"\r\n--xx--", {"Content-Type": FORM}, 400, "form"),
    ],
)
async def test_a_body_that_is_no_photo_is_refused_by_its_reason(
    ask: Client, body: bytes, headers: dict[str, str], status: int, reason: str
) -> None:
    # Compressed by nobody: the header alone is refused.
    answer = await ask(
        "/v1/hashtags", "POST", data=body, headers=headers, skip_auto_headers=["Content-Encoding"]
    )
    assert answer[0] == status
    assert answer[1]["reason"] == reason


async def test_a_form_that_ends_inside_a_photo_is_refused(ask: Client) -> None:
    head = b'--xx\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n'
    _, answer, _ = await ask(
        "/v1/hashtags", "POST", data=head + jpeg()[:5000], headers={"Content-Type": FORM}
    )
    assert answer["reason"] == "form"
    assert "Error" not in answer["error"]


async def test_photos_that_are_too_many_or_too_large_are_refused(serve: Serve) -> None:
    photo = jpeg()
    ask = await serve(photos=2, photo=len(photo), body=3 * len(photo))
    assert [one["photo"] for one in await ask.post(photo, photo)] == ["1.jpg", "2.jpg"]
    assert (await ask.post(photo, photo, photo))["reason"] in ("too_many", "too_large")
    small, large = jpeg(size=(64, 48)), photo + b"\0"
    answers = await ask.post(large, small)
    assert answers[0] == {
        "photo": "1.jpg",
        "error": "The file is over 20 MB.",
        "reason": "too_large",
    }
    assert answers[1]["hashtags"]
    assert (await ask.post(small, small, small))["reason"] == "too_many"
    assert (await ask.post(large))["reason"] == "too_large"
    status, _, _ = await ask("/v1/hashtags", "POST", data=large)
    assert status == 413

    async def endless() -> Any:
        for _ in range(1000):
            yield photo

    # Refused while it streams, without a Content-Length to judge by.
    try:
        status, answer, _ = await ask("/v1/hashtags", "POST", data=endless())
        assert (status, answer["reason"]) == (413, "too_large")
    except aiohttp.ClientError:
        pass  # the connection was closed on a client that went on sending


async def test_a_photo_that_ends_the_decoding_process_does_not_keep_its_form_from_being_answered(
    ask: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_fragile(monkeypatch)
    fatal = jpeg() + b"!"
    first, second, third = await ask.post(jpeg(), fatal, jpeg("green"))
    assert first["hashtags"] and third["hashtags"]
    assert (second["photo"], second["reason"]) == ("2.jpg", "failed")
    status, answer, _ = await ask("/v1/hashtags", "POST", data=fatal)
    assert (status, answer["reason"]) == (500, "failed")
    assert (await ask.post(fatal, fatal))["reason"] == "failed"


async def test_no_line_of_the_log_holds_what_was_sent(
    ask: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    def breaks() -> None:
        raise RuntimeError("the network broke")

    await ask.post(jpeg(), caption="my secret garden")
    ask.network.before_photo = breaks
    answer = await ask.post(jpeg(), caption="my secret garden")
    assert answer["reason"] == "failed"
    assert "the network broke" in caplog.text
    assert "secret" not in caplog.text
    assert "1.jpg" not in caplog.text
