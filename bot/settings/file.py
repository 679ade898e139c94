"""Finds and reads the settings, and turns every mistake into its key, what is wrong, and an example."""

import os
import tomllib
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.settings.site import POWER_DRIVERS, SiteSettings

PLACES: Final = (Path("lendbot.toml"), Path("/etc/lendbot/lendbot.toml"))
SECRETS: Final = frozenset({"bot_token", "app_token", "signing_secret", "password"})
"""Keys that are taken from the environment only: a settings file is copied, mailed and committed."""
_DRIVERS: Final = ", ".join(repr(driver) for driver in POWER_DRIVERS)
_TO_DRIVER: Final = len(("power", "NAME"))


class BadSettings(Exception):  # noqa: N818 - it names what is wrong
    """The settings cannot be used. lines: one per mistake, each with its key, the problem and an example."""

    def __init__(self, path: Path | None, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.path = path
        self.lines = lines


def find(path: Path | None = None) -> Path:
    """Return the file to read: as said, or $LENDBOT_CONFIG, or the first of PLACES that is there."""
    said = path or (Path(os.environ["LENDBOT_CONFIG"]) if os.environ.get("LENDBOT_CONFIG") else None)
    if said is not None:
        return said
    found = next((place for place in PLACES if place.is_file()), None)
    if found is None:
        raise BadSettings(None, [f"no settings: looked for {' and '.join(map(str, PLACES))}; name one with --config"])
    return found


def load(path: Path | None = None) -> SiteSettings:
    """Read and check the settings.

    raises   BadSettings with every mistake at once
    """
    file = find(path)
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as e:
        raise BadSettings(file, [f"{file} cannot be read: {e.strerror}"]) from e
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise BadSettings(file, [f"{file} is no TOML: {e}"]) from e
    if leaked := sorted(_secrets_in(table)):
        raise BadSettings(file, [f"{key}: secrets do not belong in a file; {_env_name(key)} is read" for key in leaked])
    try:
        return SiteSettings.model_validate(_merged(table, _environment()))
    except ValidationError as e:
        raise BadSettings(file, [_line(error) for error in e.errors(include_url=False)]) from e


class _Environment(BaseSettings):
    """Only what pydantic-settings makes of the environment: LENDBOT_SLACK__BOT_TOKEN and its kin."""

    model_config = SettingsConfigDict(env_prefix="LENDBOT_", env_nested_delimiter="__", extra="ignore")

    slack: dict[str, Any] = {}
    store: dict[str, Any] = {}
    power: dict[str, Any] = {}


def _environment() -> dict[str, Any]:
    return _Environment().model_dump(exclude_defaults=True)


def _merged(table: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(table)
    for key, value in over.items():
        under = merged.get(key)
        merged[key] = _merged(under, value) if isinstance(under, dict) and isinstance(value, dict) else value
    return merged


def _secrets_in(table: dict[str, Any], at: str = "") -> list[str]:
    found: list[str] = []
    for key, value in table.items():
        if isinstance(value, dict):
            found += _secrets_in(value, f"{at}{key}.")
        elif key in SECRETS:
            found.append(f"{at}{key}")
    return found


def _env_name(key: str) -> str:
    return "LENDBOT_" + key.replace(".", "__").upper()


def _line(error: ErrorDetails) -> str:
    """Write one mistake: `classes.gpu.floor: should be at least 0, is -3; for example 8`."""
    loc, driver = _without_driver(error["loc"])
    key = ".".join(str(part) for part in loc) or "the file"
    problem = error["msg"].removeprefix("Value error, ")
    given = "" if error["type"] == "missing" or isinstance(error["input"], dict) else f", is {error['input']!r}"
    match error["type"]:
        case "union_tag_invalid":
            key, problem, given = f"{key}.driver", f"should be one of {_DRIVERS}", f", is {error['ctx']['tag']!r}"
        case "union_tag_not_found":
            key, problem = f"{key}.driver", f"field required, one of {_DRIVERS}"
        case "extra_forbidden" if driver:
            own = ", ".join(name for name in POWER_DRIVERS[driver].model_fields if name != "driver")
            problem, given = f"the {driver} driver knows no such key; its keys are {own}", ""
        case "extra_forbidden":
            problem, given = "lendbot knows no such key", ""
        case "missing" if str(loc[-1]) in SECRETS:
            return f"{key}: missing; set {_env_name(key)} in the environment"
    example = _example(POWER_DRIVERS[driver] if driver else SiteSettings, loc)
    return f"{key}: {problem[:1].lower()}{problem[1:]}{given}{f'; for example {example}' if example else ''}"


def _without_driver(loc: tuple[int | str, ...]) -> tuple[tuple[int | str, ...], str]:
    """Take a BMC's driver out of pydantic's path, where it stands after the table's name; the file has no such key."""
    if loc[:1] == ("power",) and len(loc) > _TO_DRIVER:
        return (*loc[:_TO_DRIVER], *loc[_TO_DRIVER + 1 :]), str(loc[_TO_DRIVER])
    return loc, ""


def _example(model: type[BaseModel], loc: tuple[int | str, ...]) -> str:
    """Return the example of a key: the one that its field declares, or its default."""
    field = None
    for part in loc:
        if part in model.model_fields:
            field = model.model_fields[str(part)]
            model = _model_in(field.annotation) or model
    if field is None:
        return ""
    if field.examples:
        return repr(field.examples[0])
    default = field.get_default(call_default_factory=False)
    return "" if default is None or isinstance(default, BaseModel) or field.is_required() else repr(default)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the model inside an annotation such as Mapping[str, ClassSettings]."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (_model_in(part) for part in getattr(annotation, "__args__", ()))
    return next((model for model in inner if model is not None), None)
