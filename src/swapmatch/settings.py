"""Settings: what is asked for by flags, the environment, `.env` and `swapmatch.toml`, checked.

The first of these that names a setting decides:

1. flags, the keyword arguments of `load_settings`
2. environment variables, such as SWAPMATCH_DB
3. the same variables in `.env`, which may hold others' variables too
4. `swapmatch.toml`, a flat file of names and values

Both files are those of the working directory. This is the only module that reads the environment.
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AliasChoices, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from swapmatch.errors import ConfigurationError
from swapmatch.fusion import FusionName

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PREFIX = "SWAPMATCH_"
TOML = "swapmatch.toml"
DOTENV = ".env"

LogLevel = Literal["debug", "info", "warning", "error"]


def _lower(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


def _also_named(name: str) -> Any:  # noqa: ANN401 - what Field returns
    """Let a setting be read under its bare name too, as others call it in the environment."""
    return Field(validation_alias=AliasChoices(f"{PREFIX}{name}".lower(), name))


Name = Annotated[str, Field(min_length=1)]


class Settings(BaseSettings):
    """Everything that can be set; `load_settings` reads it with clear errors.

    Attributes:
        db: Path of an SQLite file, or the name of another profile store.
        encoder: Name of the encoder, as in `Matcher.open`.
        vectors: Name of the vector store, as in `Matcher.open`.
        qdrant_url: Where the server is that `qdrant:` names; also read from QDRANT_URL.
        qdrant_api_key: Its key; also read from QDRANT_API_KEY.
        fusion: Name of the two-way mean.
        breadth: Weight of how many needs are met against how well the best one is.
        expose_email: Whether results carry other people's e-mail.
        host: Address that `swapmatch serve` listens on.
        port: Port that it listens on; 0 takes any free one.
        log_level: What goes to the log: this level and above.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=DOTENV,
        env_file_encoding="utf-8-sig",
        env_ignore_empty=True,
        toml_file=TOML,
        extra="ignore",
        frozen=True,
    )

    db: Name = "swapmatch.db"
    encoder: Name = "sentence-transformers:"
    vectors: Name = "exact:"
    qdrant_url: Annotated[str | None, _also_named("qdrant_url")] = None
    qdrant_api_key: Annotated[SecretStr | None, _also_named("qdrant_api_key")] = None
    fusion: Annotated[FusionName, BeforeValidator(_lower)] = "harmonic"
    breadth: Annotated[float, Field(ge=0.0, le=1.0)] = 0.5
    expose_email: bool = False
    host: Name = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8000
    log_level: Annotated[LogLevel, BeforeValidator(_lower)] = "warning"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put the sources in their order."""
        del file_secret_settings
        return init_settings, env_settings, dotenv_settings, TomlConfigSettingsSource(settings_cls)


def load_settings(**flags: Any) -> Settings:  # noqa: ANN401 - each is checked
    """Return the settings; flags that are None were not given.

    Raises:
        ConfigurationError: A value cannot be used, or `swapmatch.toml` names something that is no setting; the
            message says which one and where it stands.
    """
    if strange := flags.keys() - Settings.model_fields.keys():
        message = f"there is no setting {min(strange)!r}"
        raise TypeError(message)
    given = {name: value for name, value in flags.items() if value is not None}
    _check_toml()
    try:
        return Settings(**given)
    except ValidationError as error:
        told = "; ".join(_told(given, error))
        raise ConfigurationError(told) from None
    except (OSError, UnicodeDecodeError) as error:
        message = f"{DOTENV} cannot be read: {error}"
        raise ConfigurationError(message) from error


def _check_toml() -> None:
    try:
        names = TomlConfigSettingsSource(Settings).toml_data.keys()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        message = f"{TOML} cannot be read: {error}"
        raise ConfigurationError(message) from error
    if strange := sorted(names - Settings.model_fields.keys()):
        known = ", ".join(Settings.model_fields)
        message = f"{TOML} names {strange[0]!r}, which is no setting: choose from {known}"
        raise ConfigurationError(message)


def _told(flags: Mapping[str, object], error: ValidationError) -> Iterator[str]:
    for fault in error.errors(include_url=False):
        name = str(fault["loc"][0])
        yield f"{_place(flags, name)}: {fault['msg']}, not {fault['input']!r}"


def _place(flags: Mapping[str, object], name: str) -> str:
    """Say where the value of a setting stands, the way its user wrote it."""
    if name in flags:
        return f"--{name.replace('_', '-')}"
    if name in EnvSettingsSource(Settings)():
        return f"{PREFIX}{name.upper()} in the environment"
    if name in DotEnvSettingsSource(Settings)():
        return f"{PREFIX}{name.upper()} in {DOTENV}"
    return f"{name} in {TOML}"
