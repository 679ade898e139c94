"""docs/settings.md, from the models that check the settings."""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import AwareDatetime, BaseModel, SecretStr
from pydantic.fields import FieldInfo

from bot.settings.file import SECRETS
from bot.settings.site import POWER_DRIVERS, SiteSettings
from loans.lengths import exact

_HEAD = """# Settings

One TOML file; [lendbot.example.toml](../lendbot.example.toml) is a commented one. It is looked for as `--config`,
`$LENDBOT_CONFIG`, `lendbot.toml` in the working directory, and `/etc/lendbot/lendbot.toml`, in that order. It is read
once: a change needs a restart. A key that lendbot does not know, and a value that it cannot use, are refused at start,
each with its key and an example.

Lengths of time are written `"30 s"`, `"5 min"`, `"8 h"`, `"14 d"` or `"1 h 30 min"`.

A secret in the file is refused: secrets come from the environment. Only `store.url` may stand in either, since most
addresses of a store hold no password. Names of `[power.NAME]` tables are written in small letters, so that the
environment can say them.

| secret | environment |
| --- | --- |
"""
_NAMES: Final[Mapping[Any, str]] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    timedelta: "length of time",
    Path: "path",
    SecretStr: "secret",
    AwareDatetime: "time with its zone",
}


def page() -> str:
    secrets = "".join(f"| `{key}` | `{_environment(key)}` |\n" for key in _secrets(SiteSettings))
    return _HEAD + secrets + "".join(_tables(SiteSettings, ""))


def keys() -> frozenset[str]:
    """Return every key with its table, `slack.mode`; NAME stands for a name of the site's."""
    return frozenset(_keys(SiteSettings, ""))


def _keys(model: type[BaseModel], at: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield f"{at}{name}"
        for inner in _models_in(field.annotation):
            yield from _keys(inner, f"{at}{name}.{'NAME.' if _is_named(field) else ''}")


def _secrets(model: type[BaseModel]) -> Iterator[str]:
    for key in sorted(set(_keys(model, ""))):
        if key.rpartition(".")[2] in SECRETS or key == "store.url":
            yield key


def _environment(key: str) -> str:
    return "LENDBOT_" + key.replace("NAME", "<NAME>").replace(".", "__").upper()


def _tables(model: type[BaseModel], at: str) -> Iterator[str]:
    """Yield a chapter for the model's own keys, then one for each table inside it."""
    own = [(name, field) for name, field in model.model_fields.items() if not _models_in(field.annotation)]
    if own:
        title = _title(at, model)
        rows = "".join(_row(f"{at}.{name}" if at else name, name, field) for name, field in own)
        says = "" if not at else f"\n{' '.join((model.__doc__ or '').split())}\n"
        yield f"\n## {title}\n{says}\n| key | what | default | meaning |\n| --- | --- | --- | --- |\n{rows}"
    for name, field in model.model_fields.items():
        under = f"{at}.{name}" if at else name
        for inner in _models_in(field.annotation):
            yield from _tables(inner, f"{under}.NAME" if _is_named(field) else under)


def _title(at: str, model: type[BaseModel]) -> str:
    """Return a table's header as the file has it; a list of tables has two brackets."""
    driver = next((f" with `driver = {json.dumps(name)}`" for name, of in POWER_DRIVERS.items() if of is model), "")
    return f"[[{at}]]" if at.endswith(".taints") else f"[{at}]{driver}" if at else "At the top of the file"


def _row(path: str, name: str, field: FieldInfo) -> str:
    is_secret = name in SECRETS
    default = "from the environment" if is_secret else "**required**" if field.is_required() else _default(field)
    example = f"; for example {_toml(field.examples[0])}" if field.examples and field.is_required() else ""
    return f"| `{name}` | {_kind(field)} | {default} | {_cell((field.description or _of(path)) + example)} |\n"


def _of(path: str) -> str:
    return f"the {path.rpartition('.')[2]}"


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    return "absent" if value is None else _toml(value)


def _toml(value: Any) -> str:
    """Write a value as it stands in the file."""
    return f"`{json.dumps(_plain(value), ensure_ascii=False)}`"


def _plain(value: Any) -> Any:
    match value:
        case SecretStr():
            return value.get_secret_value()
        case timedelta():
            return exact(value)
        case Enum() | Path():
            return str(value)
        case frozenset() | tuple() | list():
            return [_plain(inner) for inner in value]
        case dict():
            return {key: _plain(inner) for key, inner in value.items()}
        case _ if hasattr(value, "isoformat"):
            return value.isoformat()
        case _:
            return value


def _kind(field: FieldInfo) -> str:
    limits = {type(limit): limit for limit in field.metadata if isinstance(limit, Ge | Le)}
    low, high = limits.get(Ge), limits.get(Le)
    between = ""
    if isinstance(low, Ge) and isinstance(high, Le):
        between = f", {low.ge} to {high.le}"
    elif isinstance(low, Ge):
        between = f", at least {low.ge}"
    return _cell(_name(field.annotation) + between)


def _name(annotation: Any) -> str:
    """Return a type as the writer of a TOML file would say it."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if annotation in _NAMES:
        return _NAMES[annotation]
    if origin is Annotated:
        return _name(inner[0])
    if origin is Literal:
        return " or ".join(f'`"{value}"`' for value in inner)
    if origin in (Union, UnionType):
        return ", or ".join(_name(part) for part in inner if part is not NoneType)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return f"table of names and {_many(inner[1])}"
    if origin in (tuple, frozenset):
        return f"list of {_many(inner[0])}"
    raise AssertionError(f"no words for {annotation}: add them to _NAMES")


def _many(annotation: Any) -> str:
    name = _name(annotation)
    plural = {"text": "texts", "whole number": "whole numbers", "length of time": "lengths of time"}
    return plural.get(name, name.replace("list of", "lists of"))


def _is_named(field: FieldInfo) -> bool:
    origin = get_origin(field.annotation)
    return isinstance(origin, type) and issubclass(origin, Mapping)


def _models_in(annotation: Any) -> tuple[type[BaseModel], ...]:
    """Return every model inside an annotation: BMCs have one for each driver."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return (annotation,)
    return tuple(model for part in get_args(annotation) for model in _models_in(part))


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace(">", "&gt;")
