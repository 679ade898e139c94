"""How a value lies in a column, the same on both databases: instants, choices, node names, words."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import JSON, DateTime, Dialect, Enum, Float, String
from sqlalchemy.exc import DontWrapMixin
from sqlalchemy.types import TypeDecorator

from loans.nodes import NodeName
from loans.plain import plain
from loans.runbook import StepName


class NaiveTime(ValueError, DontWrapMixin):  # noqa: N818 - a finding about a value
    """An instant without a zone came to the border; it would mean another hour to another reader."""


class Instant(TypeDecorator[datetime]):
    """A moment: aware on both sides, UTC inside. SQLite keeps no zone, so there it is written without one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive instant; turn any other into UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise NaiveTime(f"the store takes no naive time: {value!r}")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Give back an aware instant in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Span(TypeDecorator[timedelta]):
    """A length of time, in seconds inside."""

    impl = Float
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> float | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Write seconds."""
        return None if value is None else value.total_seconds()

    def process_result_value(self, value: float | None, dialect: Dialect) -> timedelta | None:  # noqa: ARG002
        """Give back a span."""
        return None if value is None else timedelta(seconds=value)


def cleaned(text: str) -> str:
    """Return text as every database can keep it and everybody sees it.

    NUL (PostgreSQL refuses it) and lone surrogates become U+FFFD; the other characters that nobody sees go.
    """
    return plain(text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


class Words(TypeDecorator[str]):
    """Text from outside: a node's rubbish output must not keep lendbot from saying that the node failed."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Replace what not every database can keep."""
        return None if value is None else cleaned(value)


_LONGEST_KEY: Final = 600
"""In characters: PostgreSQL refuses an index's row above 2,704 bytes, and a far side's words may be a page of HTML."""


def key(text: str) -> str:
    """Return text as it lies in a column that is searched by: cleaned, and cut without becoming another's."""
    clean = cleaned(text)
    if len(clean) <= _LONGEST_KEY:
        return clean
    return f"{clean[:_LONGEST_KEY]}#{sha256(clean.encode()).hexdigest()}"


class Key(TypeDecorator[str]):
    """What is searched by, and may hold words from outside."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Make it what every database can keep and find."""
        return None if value is None else key(value)


class Names(TypeDecorator[tuple[NodeName, ...]]):
    """Node names in their order."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Iterable[NodeName] | None, dialect: Dialect) -> Any:  # noqa: ARG002
        """Write a JSON list."""
        return list(value or ())

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[NodeName, ...]:  # noqa: ARG002
        """Give back a tuple, as the domain has it."""
        return tuple(NodeName(name) for name in value)


class Step(TypeDecorator[StepName]):
    """The name of a step; none is written as no word."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: StepName | None, dialect: Dialect) -> str:  # noqa: ARG002
        """Write the step's name."""
        return value or ""

    def process_result_value(self, value: str | None, dialect: Dialect) -> StepName | None:  # noqa: ARG002
        """Give back one of our names; an unknown one is an error."""
        return StepName(value) if value else None


def choice(kind: type[StrEnum]) -> Enum:
    """Return a column type for one of our enumerations, written as its words; an unknown word is an error."""
    return Enum(
        kind, native_enum=False, length=16, values_callable=lambda members: [member.value for member in members]
    )
