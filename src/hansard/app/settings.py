"""Settings: ``settings.toml`` in the home, and the environment (``HANSARD_*``), which wins."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from hansard.app import errors
from hansard.kernel.errors import HansardError
from hansard.kernel.files import read_text
from hansard.kernel.shapes import plainly

FILE = "settings.toml"


class Settings(BaseSettings):
    """What a user may set."""

    model_config = SettingsConfigDict(
        env_prefix="HANSARD_", extra="forbid", frozen=True, use_attribute_docstrings=True, validate_default=False
    )

    busy_timeout_seconds: Annotated[float, Field(gt=0, le=3600)] = 30.0
    """How long a write waits while another process writes."""
    database_url: SecretStr | None = None
    """The database that holds the record, as ``postgresql://user@host/database``; the home's own file when left out.
    ``?schema=name`` takes another schema than ``hansard``. A password is better kept in PGPASSWORD or ``~/.pgpass``."""
    write_folders: Annotated[tuple[Path, ...], NoDecode] = ()
    """Folders outside the home in which operations may write; a relative one is below the home. In the environment
    they are joined as in PATH."""

    read_folders: Annotated[tuple[Path, ...], NoDecode] = ()
    """Folders outside the home in which a server (``hansard mcp``, ``hansard serve``) may read files for its callers; a
    relative one is below the home. In the environment they are joined as in PATH."""

    eomm_threshold: Annotated[float, Field(allow_inf_nan=False)] = 0.5
    """Memory: a TrueVision window with a higher score is anomalous."""
    transform_id: Annotated[str, Field(min_length=1)] = "eomm_compositor_v2.0.0"
    """Memory: what made the score of TrueVision windows; records can be found by it."""
    engine_version: str = "truevision_v2.0.0"
    """Memory: stands in the parameters of each TrueVision record."""
    compositor_version: str = "eomm_v2.0.0"
    """Memory: stands there, too."""
    render_scale: Annotated[float, Field(allow_inf_nan=False)] | None = None
    """Memory: stands there, too, where it is known."""
    capture_source: Literal["screen", "video_file", "stream"] | None = "screen"
    """Memory: where the pictures of TrueVision windows come from."""
    roi: dict[str, int | float | str] | None = None
    """Memory: the region of interest of TrueVision windows, where there is one; stands in the parameters."""
    operator_weights: dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False)]] = {}
    """Memory: weights of operators in the composite score that ``eomm_score`` is compared with; 1 for others."""

    routing: Annotated[dict[str, Any], Field(repr=False)] = {}
    """Language models: which there are and in which order they are asked, weights, limits, what they may be told
    (docs/routing.md; checked by ``routing.configuration`` when a model is asked). In the environment it is JSON."""

    @field_validator("database_url", mode="before")
    @classmethod
    def _none_when_empty(cls, given: Any) -> Any:
        return None if given == "" else given

    @field_validator("write_folders", "read_folders", mode="before")
    @classmethod
    def _as_in_path(cls, given: Any) -> Any:
        return [part for part in given.split(os.pathsep) if part] if isinstance(given, str) else given

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment before what is given (the file), and nothing else."""
        return env_settings, init_settings


def read_settings(home: Path) -> Settings:
    """The settings that hold for a home.

    Raises:
        HansardError: ``settings_unreadable``, ``unknown_setting``, ``invalid_setting``, or ``settings_invalid`` with
            every fault.
    """
    file = home / FILE
    given: dict[str, Any] = {}
    if file.exists():
        try:
            given = tomllib.loads(read_text(file).text)
        except tomllib.TOMLDecodeError as fault:
            raise errors.settings_unreadable(str(fault)) from None
    try:
        return Settings(**given)
    except ValidationError as fault:
        faults = [_told(entry) for entry in fault.errors(include_url=False)]
        raise faults[0] if len(faults) == 1 else errors.settings_invalid(faults) from None


def _told(entry: Any) -> HansardError:
    name = str(entry["loc"][0])
    if entry["type"] == "extra_forbidden":
        return errors.unknown_setting(name, Settings.model_fields)
    value = None if name == "database_url" else entry.get("input")  # it may hold a password
    return errors.invalid_setting(name, value, plainly(entry))
