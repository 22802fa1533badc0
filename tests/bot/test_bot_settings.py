"""Settings: what an operator may write, and what is said about what they may not."""

import errno
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.settings import Settings, SettingsError, read_settings

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def test_the_example_lists_every_setting_with_a_comment_and_its_default() -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    listed = re.findall(r"^# [^\n]+\n([A-Z_]+)=(.*)$", text, re.MULTILINE)
    assert [name.lower() for name, _ in listed] != []
    assert {name.lower() for name, _ in listed} == set(Settings.model_fields)
    assert text.count("=\n") + len([v for _, v in listed if v]) == len(listed)


def test_the_example_as_it_stands_is_the_same_as_no_file() -> None:
    assert read_settings(ROOT / ".env.example") == read_settings(None)


def test_settings_come_from_the_file_and_the_environment_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = tmp_path / ".env"
    env.write_text(
        "ADMIN_IDS=1, 2\nLOG_LEVEL=debug\nFINETUNE_EVERY=50\nDEVICE= OpenVINO\n"
        "BOT_TOKEN=12:abc-DEF_1\n"
    )
    monkeypatch.setenv("FINETUNE_EVERY", "nightly")
    monkeypatch.setenv("TELEGRAM_API_URL", "http://localhost:8081/")
    settings = read_settings(env)
    assert settings.admin_ids == {1, 2}
    assert settings.log_level == "DEBUG"
    assert settings.finetune_every == "nightly"
    assert settings.device == "openvino"
    assert settings.telegram_api_url == "http://localhost:8081"
    assert settings.secrets == ["12:abc-DEF_1"]
    assert "abc-DEF_1" not in repr(settings)


def test_an_env_that_may_not_be_read_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = tmp_path / ".env"
    env.write_text("LOG_LEVEL=debug\n")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(env))

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(SettingsError, match=r"^\.env cannot be read: Permission denied\.$"):
        read_settings(env)


@pytest.mark.skipif(os.name == "nt", reason="links as POSIX has them")
@pytest.mark.parametrize(
    "make",
    [Path.mkdir, lambda env: env.symlink_to(env), lambda env: env.symlink_to("nowhere")],
    ids=["a folder", "a loop of links", "a link that leads nowhere"],
)
def test_an_env_that_is_no_file_does_not_count_as_absent(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    make(tmp_path / ".env")
    with pytest.raises(SettingsError, match=r"^\.env is not a file: "):
        read_settings(tmp_path / ".env")


@pytest.mark.parametrize(
    ("name", "value", "advice"),
    [
        ("ADMIN_IDS", "1;2", "separated by commas, such as 123,456"),
        ("BOT_TOKEN", "not a s3cret", "that @BotFather gave you"),
        ("BOT_TOKEN", "12:s3cret with space", "that @BotFather gave you"),
        ("WEBHOOK_SECRET", "s3cret!", "of A-Z, a-z, 0-9"),
        ("API_KEY", "a s3cret key", "without spaces"),
        ("FINETUNE_EVERY", "weekly", "a number of labels, such as 50, or the word nightly"),
        ("TELEGRAM_API_URL", "api.telegram.org", "starts with https:// or http://"),
        ("TELEGRAM_API_URL", "http://localhost:80810", "a port up to 65535"),
        ("TELEGRAM_API_URL", "http://me:s3cret", "a URL with a host"),
        ("TELEGRAM_API_URL", "https://", "a URL with a host"),
        ("TELEGRAM_API_URL", "https://a..b", "a URL with a host"),
        ("WEBHOOK_URL", "https://bot.example.org/{a", "without { and }"),
        ("WEBHOOK_URL", "https://bot example.org", "a URL with a host"),
        ("LISTEN", "everywhere", "an address of this machine"),
        ("LOG_LEVEL", "chatty", "must be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
        ("DEVICE", "tpu", "must be 'auto', 'openvino', 'cuda' or 'cpu'"),
        ("TAGS_PER_DAY", "0", "must be at least 1."),
        ("TAGS_PER_DAY", "many", "must be a whole number."),
        ("KEEP_DAYS", "999999", "must be at most 36,500."),
        ("ADMIN_IDS", str(2**63), "too large for a Telegram user"),
        ("WEBHOOK_URL", "http://bot.example.org", "must start with https://"),
    ],
)
def test_a_malformed_setting_is_one_sentence_that_names_it_and_shows_no_secret(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, advice: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        read_settings(None)
    sentence = str(caught.value)
    assert sentence.startswith(f"{name} ")
    assert advice in sentence
    assert "\n" not in sentence
    assert "s3cret" not in sentence


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('BOT_TOKEN="12:s3cret\nADMIN_IDS=5\n', 1),
        ("# a comment\n\nBOT_TOKEN: 12:s3cret\n", 3),
        ("ADMIN_IDS=5\nBOT_TOKEN:12:s3cret\n", 2),
        ("\n\nBOT_TOKEN 12:s3cret\n", 3),
    ],
)
def test_a_line_that_would_be_skipped_is_named_by_its_number_alone(
    tmp_path: Path, text: str, line: int
) -> None:
    (tmp_path / ".env").write_text(text)
    with pytest.raises(SettingsError, match=rf"^Line {line} of \.env cannot be read: ") as caught:
        read_settings(tmp_path / ".env")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "cp1251"])
def test_a_file_of_another_encoding_is_to_be_saved_as_utf_8(tmp_path: Path, encoding: str) -> None:
    (tmp_path / ".env").write_text("LOG_LEVEL=debug # журнал\n", encoding=encoding)
    with pytest.raises(SettingsError, match="save it as UTF-8"):
        read_settings(tmp_path / ".env")


def test_what_editors_and_other_programs_write_is_taken(tmp_path: Path) -> None:
    text = "BOT_TOKEN=12:abc\r\nexport HOME\r\nOTHER={}\r\nADMIN_IDS = 5 # me\r\n"
    (tmp_path / ".env").write_text(text, encoding="utf-8-sig")
    settings = read_settings(tmp_path / ".env")
    assert settings.secrets == ["12:abc"] and settings.admin_ids == {5}


def test_a_bot_api_server_of_ones_own_may_call_http(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_API_URL", "http://localhost:8081")
    monkeypatch.setenv("WEBHOOK_URL", "http://bot:8080")
    assert read_settings(None).webhook_url == "http://bot:8080"


def test_proxies_of_the_file_are_the_environments_unless_it_names_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "environ", {"http_proxy": "http://here:1"})
    (tmp_path / ".env").write_text("HTTP_PROXY=http://there:1\nHTTPS_PROXY=http://there:2\n")
    read_settings(tmp_path / ".env")
    assert os.environ == {"http_proxy": "http://here:1", "HTTPS_PROXY": "http://there:2"}
