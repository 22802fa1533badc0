"""The settings, from the environment or ``.env``; read once, at the start."""

import ipaddress
import os
import re
from difflib import get_close_matches
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

from dotenv import dotenv_values
from dotenv.parser import Original, parse_stream
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from pydantic_settings import SettingsError as UnparsableError

from bot.secret_urls import names_a_host, secrets_in

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]


TELEGRAM = "https://api.telegram.org"

LONGEST_KEPT = 36_500
"""Days, a hundred years."""

USER_ID_BITS = 52
"""Telegram's documentation promises that a user's number has no more (Bot API, User)."""

ALIKE = 0.86
"""From this similarity on, 0 to 1, a name in the environment is taken for a misspelt setting."""


class SettingsError(Exception):
    """A setting that cannot be used; the message is a sentence for the operator."""


class Settings(BaseSettings):
    """Every setting; ``.env.example`` explains each. Names in the environment are upper case."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore"
    )

    bot_token: SecretStr | None = None
    telegram_api_url: str = TELEGRAM
    webhook_url: str | None = None
    webhook_secret: SecretStr | None = None
    listen: str = "127.0.0.1"
    admin_ids: Annotated[frozenset[int], NoDecode] = frozenset()

    database_url: str = "sqlite+aiosqlite:///data/tag4pic.db"
    model_dir: Path | None = None
    bundle: str | None = None
    weights_dir: Path = Path("data/weights")
    device: Literal["auto", "openvino", "cuda", "cpu"] = "auto"

    tags_per_day: int = Field(default=300, ge=1)
    updates_per_minute: int = Field(default=240, ge=0)
    keep_days: int = Field(default=400, ge=0, le=LONGEST_KEPT)
    finetune_every: int | Literal["nightly"] | None = None

    api_key: SecretStr | None = None

    log_level: LogLevel = "INFO"
    log_format: Literal["readable", "json"] = "readable"
    metrics_port: int | None = Field(default=None, ge=1, le=65535)

    @field_validator("bot_token")
    @classmethod
    def _looks_like_a_token(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None:
            number, colon, secret = token.get_secret_value().partition(":")
            # What follows the colon goes into URLs and log filters as it is.
            if not (number.isdecimal() and colon and secret and secret.isprintable()) or set(
                secret
            ) & set(" /?#"):
                raise ValueError(
                    "must be the token that @BotFather gave you, such as 123456:ABC-DEF"
                )
        return token

    @field_validator("webhook_secret")
    @classmethod
    def _may_be_a_header(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret and not re.fullmatch("[A-Za-z0-9_-]{1,256}", secret.get_secret_value()):
            raise ValueError("must be 1 to 256 characters of A-Z, a-z, 0-9, _ and -")
        return secret

    @field_validator("api_key")
    @classmethod
    def _may_be_sent(cls, key: SecretStr | None) -> SecretStr | None:
        if key and not re.fullmatch("[!-~]{1,256}", key.get_secret_value()):
            raise ValueError("must be 1 to 256 ASCII letters, digits or signs, without spaces")
        return key

    @field_validator("telegram_api_url", "webhook_url")
    @classmethod
    def _is_a_url(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith(("http://", "https://")):
            raise ValueError("must be a URL that starts with https:// or http://")
        if url is not None and {"{", "}"} & set(url):
            raise ValueError("must be a URL without { and }")
        if url is not None and not names_a_host(url):
            raise ValueError("must be a URL with a host, and a port up to 65535 if any")
        return url.rstrip("/") if url else url

    @field_validator("listen")
    @classmethod
    def _is_an_address(cls, address: str) -> str:
        address = "127.0.0.1" if address == "localhost" else address.strip("[]")
        try:
            ipaddress.ip_address(address)
        except ValueError:
            raise ValueError("must be an address of this machine, such as 127.0.0.1") from None
        return address

    @field_validator("admin_ids", mode="before")
    @classmethod
    def _separated_by_commas(cls, ids: object) -> object:
        if not isinstance(ids, str):
            return ids
        pieces = [piece.strip() for piece in ids.split(",") if piece.strip()]
        if not all(piece.isdecimal() for piece in pieces):
            raise ValueError("must be Telegram user numbers separated by commas, such as 123,456")
        numbers = frozenset(int(piece) for piece in pieces)
        if any(number.bit_length() > USER_ID_BITS for number in numbers):
            raise ValueError("has a number that is too large for a Telegram user")
        return numbers

    @field_validator("finetune_every", mode="before")
    @classmethod
    def _number_or_nightly(cls, every: object) -> object:
        if isinstance(every, str):
            every = every.strip().lower()
            if every == "nightly":
                return every
            if not every.isdecimal() or int(every) < 1:
                raise ValueError("must be a number of labels, such as 50, or the word nightly")
            return int(every)
        return every

    @model_validator(mode="after")
    def _one_bundle(self) -> Self:
        if self.bundle and self.model_dir:
            raise ValueError("BUNDLE and MODEL_DIR both name a bundle: leave one of them empty")
        if self.bundle and self.finetune_every is not None:
            raise ValueError(
                "FINETUNE_EVERY works with MODEL_DIR, not with BUNDLE: fine-tune on one machine "
                "and publish from there (tag4pic train publish)"
            )
        return self

    @model_validator(mode="after")
    def _telegram_calls_https(self) -> Self:
        # A Bot API server of one's own may call http://, too.
        if self.telegram_api_url == TELEGRAM and (self.webhook_url or "").startswith("http://"):
            raise ValueError("WEBHOOK_URL must start with https://: Telegram calls no other")
        return self

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper_case(cls, level: object) -> object:
        return level.upper() if isinstance(level, str) else level

    @field_validator("device", "log_format", mode="before")
    @classmethod
    def _lower_case(cls, name: object) -> object:
        return name.strip().lower() if isinstance(name, str) else name

    @property
    def secrets(self) -> list[str]:
        """Everything that log lines must not contain, passwords in URLs included."""
        secrets = (self.bot_token, self.webhook_secret, self.api_key)
        urls = (self.telegram_api_url, self.webhook_url, self.database_url, self.bundle)
        of_urls = [secret for url in urls if url for secret in secrets_in(url)]
        return [secret.get_secret_value() for secret in secrets if secret is not None] + of_urls


def read_settings(env_file: Path | None = Path(".env")) -> Settings:
    """The settings of the environment and of ``env_file``, the environment first.

    Proxies that the file names (``HTTPS_PROXY``) get into the environment, which names all others.

    Raises:
        SettingsError: names each setting that cannot be used, but not its value, which may be a
            secret.
    """
    try:
        _check_lines(env_file)
        _name_proxies(env_file)
        return Settings(_env_file=env_file)  # type: ignore[call-arg]
    except ValidationError as error:
        wrong = "; ".join(
            " ".join([*map(str.upper, map(str, problem["loc"][:1])), _reason(problem)])
            for problem in error.errors(include_url=False)
        )
        raise SettingsError(f"{wrong}. Correct it in the environment or in .env.") from None
    except UnicodeDecodeError:
        raise SettingsError(".env cannot be read: save it as UTF-8.") from None
    except UnparsableError as error:
        raise SettingsError(f".env cannot be read: {error}") from None
    except OSError as error:
        raise SettingsError(f".env cannot be read: {error.strerror}.") from None


def _name_proxies(env_file: Path | None) -> None:
    named = {name.upper() for name in os.environ}
    for name, value in dotenv_values(env_file).items() if env_file else ():
        if name.upper().endswith("_PROXY") and name.upper() not in named and value:
            os.environ[name] = value


def misspelt() -> dict[str, str]:
    """Names in the environment and in ``.env`` that are no settings, but much like one.

    Returns:
        By name, the setting that may be meant.
    """
    settings = [name.upper() for name in Settings.model_fields]
    # Not single words, which names of other programs are like: BUNDLER.
    several_words = [name for name in settings if "_" in name]
    names = {*os.environ, *dotenv_values(".env", interpolate=False)}
    others = sorted(name for name in names if name.upper() not in settings)
    close = {name: get_close_matches(name.upper(), several_words, 1, ALIKE) for name in others}
    return {name: meant[0] for name, meant in close.items() if meant}


def _check_lines(env_file: Path | None) -> None:
    """Refuses a file with a line that would be skipped, and what is there but is no file.

    Raises:
        SettingsError: with the line's number, but nothing of it, which may be a secret.
    """
    if env_file is None:
        return
    # Docker makes a folder where a file that it is to mount is missing.
    if env_file.is_dir() or (env_file.is_symlink() and not env_file.exists()):
        raise SettingsError(
            ".env is not a file: remove it, or put a file with the settings in its place."
        )
    if not env_file.is_file():  # a pipe can be read only once
        return
    text = env_file.read_text(encoding="utf-8")
    if "\0" in text:  # UTF-16 without a mark at its beginning
        raise SettingsError(".env cannot be read: save it as UTF-8.")
    for binding in parse_stream(StringIO(text)):
        # A bare BOT_TOKEN is fine: its value is that of the environment, as it is to Compose.
        no_value = binding.key is not None and binding.value is None
        if binding.error or (no_value and not str(binding.key).isidentifier()):
            raise SettingsError(
                f"Line {_line_of(binding.original)} of .env cannot be read: write NAME=value, and "
                "close every quote."
            )


def _line_of(original: Original) -> int:
    """The number of a binding's line; dotenv's is that of the blank lines before it."""
    blank = len(original.string) - len(original.string.lstrip())
    return original.line + original.string[:blank].count("\n")


_REASONS = {
    "greater_than_equal": "must be at least {ge:,}",
    "less_than_equal": "must be at most {le:,}",
    "int_parsing": "must be a whole number",
    "literal_error": "must be {expected}",
}
"""By pydantic's kinds of errors, instead of its own words."""


def _reason(problem: "ErrorDetails") -> str:
    """What is wrong, as the end of a sentence that begins with the setting's name."""
    if problem["type"] in _REASONS:
        return _REASONS[problem["type"]].format_map(problem.get("ctx", {}))
    return problem["msg"].removeprefix("Value error, ").rstrip(".")
