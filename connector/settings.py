"""What the operator sets: one YAML file, any value also by environment, secrets also by file."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    YamlConfigSettingsSource,
)
from yaml import MarkedYAMLError, YAMLError

PREFIX = "CONNECTOR_"
PUSHED_TO = "/hooks/telegram"
"""The path under which the daemon takes pushed updates."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TelegramSettings(_Part):
    """The chat side."""

    token: SecretStr = Field(description="The bot's token. Set it by CONNECTOR_TELEGRAM__TOKEN or …TOKEN_FILE.")
    base_url: str = Field("https://api.telegram.org", description="The Bot API; /bot<token> is appended.")
    calls_per_second: int = Field(25, ge=1, le=1000, description="Ceiling over all chats.")
    webhook_url: str = Field(
        "", description="Where Telegram pushes updates: https://…/hooks/telegram; empty: they are asked for."
    )
    webhook_secret: SecretStr | None = Field(None, description="What it shows there. …WEBHOOK_SECRET or …_FILE.")

    @field_validator("token")
    @classmethod
    def _present(cls, value: SecretStr) -> SecretStr:
        return _token(value)

    @field_validator("webhook_url")
    @classmethod
    def _pushable(cls, value: str) -> str:
        if value and not urlsplit(_url(value)).path.endswith(PUSHED_TO):
            raise ValueError(f"expected an address that ends in {PUSHED_TO}: the path the daemon serves")
        return value

    # https://core.telegram.org/bots/api#setwebhook
    @field_validator("webhook_secret")
    @classmethod
    def _allowed(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"[A-Za-z0-9_-]{16,256}", value.get_secret_value()):
            raise ValueError("expected 16 to 256 of the signs A-Z a-z 0-9 _ - (for example: openssl rand -hex 32)")
        return value

    @field_validator("base_url")
    @classmethod
    def _http(cls, value: str) -> str:
        return _url(value)


class BoardSettings(_Part):
    """The board side."""

    tool: Literal["kaiten"] = Field("kaiten", description="Which Kanban tool.")
    base_url: str = Field(description="For Kaiten: https://company.kaiten.ru/api/latest")
    token: SecretStr = Field(description="The token the connector acts with. CONNECTOR_BOARD__TOKEN or …TOKEN_FILE.")
    poll_seconds: float = Field(3.0, gt=0, le=3600, description="How often changes are looked for.")
    calls_per_second: int = Field(5, ge=1, le=1000, description="To begin with; the answers' headers tell the rest.")
    calls_ceiling: int | None = Field(None, ge=1, description="Never more than this, whatever the headers say.")

    @field_validator("token")
    @classmethod
    def _present(cls, value: SecretStr) -> SecretStr:
        return _token(value)

    @field_validator("base_url")
    @classmethod
    def _http(cls, value: str) -> str:
        return _url(value)


class RegistrySettings(_Part):
    """The company's own list of account ids, where the mapping names an address for it."""

    token: SecretStr | None = Field(None, description="Sent as a bearer token. CONNECTOR_REGISTRY__TOKEN or …FILE.")

    @field_validator("token")
    @classmethod
    def _clean(cls, value: SecretStr | None) -> SecretStr | None:
        return None if value is None else _token(value)


class WebSettings(_Part):
    """What the daemon serves."""

    listen: str = Field("", description="host:port for health, metrics and webhooks; empty: nothing is served.")
    webhook_secret: SecretStr | None = Field(None, description="The path segment of the board's webhook.")

    @field_validator("listen")
    @classmethod
    def _address(cls, value: str) -> str:
        if value:
            host, colon, port = value.rpartition(":")
            if not (colon and host and port.isdigit() and 0 < int(port) < 65536):
                raise ValueError("expected host:port, for example 127.0.0.1:8080")
        return value


class Settings(BaseSettings):
    """`CONNECTOR_DATABASE_URL`, `CONNECTOR_TELEGRAM__TOKEN` and so on; the environment wins over the file."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    database_url: SecretStr = Field(
        SecretStr("sqlite:///connector.db"), description="sqlite:///file.db, or postgresql://… for several daemons."
    )
    mapping: Path = Field(description="The mapping YAML.")
    state_dir: Path | None = Field(None, description="For files on their way; by default beside the database, or /tmp.")
    lease_seconds: float = Field(
        30.0, ge=2, le=300, description="With several daemons: after so long without a sign of life others take over."
    )
    heal_seconds: float = Field(
        6 * 3600.0, ge=0, description="How often all cards are compared with the books by themselves; 0: never."
    )
    # Validated even when absent, so that the values missing inside are named, not the section.
    telegram: TelegramSettings = Field(default_factory=dict, validate_default=True)
    board: BoardSettings = Field(default_factory=dict, validate_default=True)
    registry: RegistrySettings = RegistrySettings()
    web: WebSettings = WebSettings()

    @field_validator("database_url")
    @classmethod
    def _of_a_known_kind(cls, value: SecretStr) -> SecretStr:
        if not _names_a_database(value.get_secret_value()):
            raise ValueError("expected sqlite:///path/to/file.db or postgresql://user:password@host/name")
        return value

    @model_validator(mode="after")
    def _served(self) -> Self:
        if self.telegram.webhook_url:
            if self.telegram.webhook_secret is None:
                raise ValueError("telegram.webhook_url needs telegram.webhook_secret (…_SECRET or …_SECRET_FILE)")
            if not self.web.listen:
                raise ValueError("telegram.webhook_url needs web.listen: updates are pushed to this daemon")
        return self

    @property
    def secrets(self) -> list[str]:
        """Whatever must never be seen in a log or an answer."""
        held = (self.telegram.token, self.telegram.webhook_secret, self.board.token, self.registry.token,
                self.web.webhook_secret)  # fmt: skip
        password = urlsplit(self.database_url.get_secret_value()).password
        return [*(each.get_secret_value() for each in held if each is not None), *([password] if password else [])]


class BadSettings(Exception):
    """The configuration cannot be used; `problems` lists everything that is wrong with it, each with its remedy."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def load_settings(path: Path | None, environment: Mapping[str, str] | None = None) -> Settings:
    """Reads the file (may be None: everything by environment) and the environment.

    `CONNECTOR_…_FILE` names a file whose content is the value. A relative `mapping` in the file is looked for beside
    the file. Raises BadSettings with all problems at once.
    """
    # Not those of Path, which raise where this user may not enter the folder.
    if path is not None and os.path.isdir(path):
        raise BadSettings((f"{path}: this is a folder; point --config at the file in it",))
    if path is not None and not os.path.exists(path):
        raise BadSettings(
            (f"{path}: there is no such file here for you; copy config.example.yaml and point --config at it",)
        )
    found = _values(os.environ if environment is None else environment)
    try:
        settings = _for(path, found)()
    except ValidationError as trouble:
        raise BadSettings(tuple(_problem(path, error) for error in trouble.errors())) from None
    except YAMLError as trouble:
        raise BadSettings((_not_yaml(path, trouble),)) from None
    except OSError as trouble:
        raise BadSettings((f"{path}: {trouble.strerror}; check the file's rights",)) from None
    except UnicodeDecodeError as trouble:
        raise BadSettings((f"{path}: expected text in UTF-8, found another byte at place {trouble.start}",)) from None
    except (ValueError, TypeError):
        raise BadSettings((f"{path}: expected settings, one `name: value` a line; see config.example.yaml",)) from None
    if path is not None and not settings.mapping.is_absolute() and not settings.mapping.exists():
        beside = path.parent / settings.mapping
        if beside.exists():
            settings = settings.model_copy(update={"mapping": beside})
    return settings


def _values(environment: Mapping[str, str]) -> dict[str, str]:
    """Our variables, those that name a file replaced by its content. Raises BadSettings for unreadable files."""
    found: dict[str, str] = {}
    problems: list[str] = []
    known = variables(Settings)
    for name, value in environment.items():
        if not name.startswith(PREFIX):
            continue
        bare = name.removesuffix("_FILE")
        if bare not in known and (near := difflib.get_close_matches(bare, known, n=1, cutoff=0.85)):
            # Names that resemble none of ours may be there for other reasons (a service of that name, for one).
            problems.append(f"environment: {name}: there is no such setting; did you mean {near[0]}?")
            continue
        if not name.endswith("_FILE"):
            found.setdefault(name.lower(), value)
            continue
        try:
            found[name.removesuffix("_FILE").lower()] = Path(value).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as trouble:
            problems.append(f"environment: {name}: cannot read {value}: {trouble.__class__.__name__}")
    if problems:
        raise BadSettings(tuple(sorted(problems)))
    return found


def variables(of: type[BaseModel], prefix: str = PREFIX) -> list[str]:
    """The variable of every setting, `_FILE` left out: `CONNECTOR_DATABASE_URL`, `CONNECTOR_TELEGRAM__TOKEN`, …"""
    names: list[str] = []
    for name, setting in of.model_fields.items():
        kind = setting.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            names += variables(kind, f"{prefix}{name.upper()}__")
        else:
            names.append(f"{prefix}{name.upper()}")
    return names


def _for(path: Path | None, values: Mapping[str, str]) -> type[Settings]:
    class _Environment(EnvSettingsSource):
        def _load_env_vars(self) -> Mapping[str, str | None]:
            return values

    class _Here(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            environment = _Environment(settings_cls)
            return (environment,) if path is None else (environment, YamlConfigSettingsSource(settings_cls, path))

    return _Here


def _problem(path: Path | None, error: Mapping[str, Any]) -> str:
    keys = [str(part) for part in error["loc"]]
    variable = PREFIX + "__".join(keys).upper()
    where = f"{path or 'environment'}: {'.'.join(keys) or '(top)'}"
    match error["type"]:
        case "missing":
            return f"{where}: is not set. Set it in the file, or by {variable} (or {variable}_FILE)"
        case "extra_forbidden":
            return f"{where}: there is no such setting; see config.example.yaml for those there are"
        case _:
            # Never the value itself: it may be a secret.
            return f"{where}: {error['msg'].removeprefix('Value error, ')}"


def _not_yaml(path: Path | None, trouble: YAMLError) -> str:
    """Where, and what is wrong, but nothing of what stands there: it may be a secret."""
    if not isinstance(trouble, MarkedYAMLError) or trouble.problem_mark is None:
        return f"{path}: this is not YAML: there are signs in it that no text has"
    where = f"{path}:{trouble.problem_mark.line + 1}:{trouble.problem_mark.column + 1}"
    return f"{where}: this is not YAML: check brackets, quotes and indentation here and in the line above"


def _token(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if not text or any(sign.isspace() or sign == "/" for sign in text):
        raise ValueError("the token is empty, or has white space or a slash in it")
    return value


def _names_a_database(url: str) -> bool:
    """Whether the store will know what to do with it; looked at here so that every command tells it alike."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # ValueError where it is no number
    except ValueError:
        return False
    match parts.scheme.partition("+")[0]:
        case "sqlite":
            return not parts.netloc and parts.path[1:] not in ("", ":memory:")
        case "postgresql":
            return True
        case _:
            return False


def _url(value: str) -> str:
    if not value.startswith(("http://", "https://")) or any(sign.isspace() for sign in value):
        raise ValueError("expected an address that begins with https:// (or http:// for a local server)")
    return value.rstrip("/")
