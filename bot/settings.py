"""The settings, from the environment or ``.env``; read once, at the start."""

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from pydantic_settings import SettingsError as UnparsableError

from bot.secret_urls import secrets_in

LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]


class SettingsError(Exception):
    """A setting that cannot be used; the message is a sentence for the operator."""


class Settings(BaseSettings):
    """Every setting; ``.env.example`` explains each. Names in the environment are upper case."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore"
    )

    bot_token: SecretStr | None = None
    telegram_api_url: str = "https://api.telegram.org"
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
    keep_days: int = Field(default=400, ge=0)
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
        return frozenset(int(piece) for piece in pieces)

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

    Raises:
        SettingsError: names each setting that cannot be used, but not its value, which may be a
            secret.
    """
    try:
        return Settings(_env_file=env_file)  # type: ignore[call-arg]
    except ValidationError as error:
        wrong = "; ".join(
            " ".join([*map(str.upper, map(str, problem["loc"][:1])), _reason(problem["msg"])])
            for problem in error.errors(include_url=False)
        )
        raise SettingsError(f"{wrong}. Correct it in the environment or in .env.") from None
    except (UnparsableError, UnicodeDecodeError) as error:
        raise SettingsError(f".env cannot be read: {error}") from None
    except OSError as error:
        raise SettingsError(f".env cannot be read: {error.strerror}.") from None


def _reason(message: str) -> str:
    """Pydantic's message as the end of a sentence that begins with the setting's name."""
    message = message.removeprefix("Value error, ").rstrip(".")
    return message.replace("Input should", "should", 1)
