"""The log: one line per thing that happened, event name first, then keys. On standard error; colours on a terminal."""

import logging
import sys
from typing import Final, TextIO, cast

import structlog

from bot.settings.site import LogSettings
from loans.plain import plain

_TRANSLATED: Final = ("paramiko", "sushy", "urllib3", "kubernetes", "waitress")
"""Libraries whose errors reach us as exceptions and are told once, in our words; their own tracebacks say it twice."""


class _Stderr:
    """Whatever sys.stderr is at the moment of writing: it may have been replaced since the log was set up."""

    @staticmethod
    def write(text: str) -> None:
        sys.stderr.write(text)

    @staticmethod
    def flush() -> None:
        sys.stderr.flush()


def _seen(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Take out of every value what nobody sees: a far side's words may hold what paints a terminal."""
    return {key: plain(value) if isinstance(value, str) else value for key, value in event.items()}


def configure(settings: LogSettings) -> None:
    """Set structlog up, and send the libraries' own warnings the same way."""
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    plain = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(),
        sort_keys=False,
        # The pretty one prints local variables, and a local variable may be a secret.
        exception_formatter=structlog.dev.plain_traceback,
    )
    renderer = structlog.processors.JSONRenderer() if settings.format == "json" else plain
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        _seen,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if settings.format == "json":
        shared.append(structlog.processors.format_exc_info)
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=cast("TextIO", _Stderr())),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(_Stderr())
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared))
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[handler], force=True)
    for library in _TRANSLATED:
        logging.getLogger(library).setLevel(logging.CRITICAL)
