"""Finds and reads the settings, and turns every mistake into its key, what is wrong, and an example."""

import json
import os
import tomllib
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from bot.settings.site import POWER_DRIVERS, SiteSettings
from store.connect import has_password

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
    if leaked := sorted([*_secrets_in(table), *_passwords_in(table)]):
        raise BadSettings(file, [f"{key}: secrets do not belong in a file; {_env_name(key)} is read" for key in leaked])
    over = _environment(file)
    try:
        return SiteSettings.model_validate(_merged(table, over))
    except ValidationError as e:
        raise BadSettings(file, [_line(error) for error in e.errors(include_url=False)]) from e


class _Environment(BaseSettings):
    """Only what pydantic-settings makes of the environment: LENDBOT_SLACK__BOT_TOKEN and its kin."""

    model_config = SettingsConfigDict(env_prefix="LENDBOT_", env_nested_delimiter="__", extra="ignore")

    slack: dict[str, Any] = {}
    store: dict[str, Any] = {}
    power: dict[str, Any] = {}


def _environment(file: Path) -> dict[str, Any]:
    try:
        return _Environment().model_dump(exclude_defaults=True)
    except (SettingsError, ValidationError) as e:
        # Neither's words are for a log: both repeat what stands there, and it is a secret.
        raise BadSettings(file, [_malformed(name) for name in _tables_in_environment()]) from e


def _tables_in_environment() -> list[str]:
    """Return the names of the variables that stand for a whole table and do not hold one."""
    tables = [
        name for name in (f"LENDBOT_{table}".upper() for table in _Environment.model_fields) if name in os.environ
    ]
    return [name for name in tables if not _is_table(os.environ[name])]


def _is_table(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _malformed(name: str) -> str:
    return (
        f"{name}: should be a JSON object, and is none; set its keys one by one instead, as in {name}__{_ONE_KEY[name]}"
    )


_ONE_KEY: Final = {"LENDBOT_SLACK": "BOT_TOKEN", "LENDBOT_STORE": "URL", "LENDBOT_POWER": "BMC__PASSWORD"}


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


def _passwords_in(table: dict[str, Any]) -> list[str]:
    """Return the keys of addresses that hold a password."""
    store = table.get("store")
    url = store.get("url") if isinstance(store, dict) else None
    return ["store.url"] if isinstance(url, str) and has_password(url) else []


def _env_name(key: str) -> str:
    return "LENDBOT_" + key.replace(".", "__").upper()


def _line(error: ErrorDetails) -> str:
    """Write one mistake: `classes.gpu.floor: should be at least 0, is -3; for example 8`."""
    loc, driver = _without_driver(error["loc"])
    key = ".".join(str(part) for part in loc) or "the file"
    problem = error["msg"].removeprefix("Value error, ")
    given = "" if error["type"] == "missing" or _may_not_be_said(error) else f", is {error['input']!r}"
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


def _may_not_be_said(error: ErrorDetails) -> bool:
    """Return True for what may hold a secret, and for whole tables, which may as well."""
    given, key = error["input"], str(error["loc"][-1]) if error["loc"] else ""
    return isinstance(given, dict) or key in SECRETS or error["loc"] == ("store", "url") or "@" in str(given)


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
    return "" if default is None or isinstance(default, BaseModel | SecretStr) or field.is_required() else repr(default)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the model inside an annotation such as Mapping[str, ClassSettings]."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (_model_in(part) for part in getattr(annotation, "__args__", ()))
    return next((model for model in inner if model is not None), None)
