"""The core for one command, or one place that says why it cannot be had, and with which exit code."""

import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from rich.console import Console

from bot.core import Core, build
from bot.process.listening import CannotListen
from bot.process.log import configure
from bot.settings.file import BadSettings
from loans.plain import plain
from store.errors import StoreError

EXIT_REFUSED: Final = 1
EXIT_SETTINGS: Final = 2
EXIT_UNAVAILABLE: Final = 3


@contextmanager
def opened(config: Path | None) -> Iterator[Core]:
    """Build the core; end the process with a sentence when it, or the command in the block, cannot go on."""
    # No core dump: what this process holds in memory opens every node.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        core = build(config)
        configure(core.settings.log)
        yield core
    except BadSettings as e:
        where = f"{e.path}: " if e.path else ""
        for line in e.lines:
            _complain(f"{where}{line}")
        sys.exit(EXIT_SETTINGS)
    except StoreError as e:
        _complain(str(e))
        sys.exit(EXIT_UNAVAILABLE)
    except CannotListen as e:
        _complain(str(e))
        sys.exit(EXIT_UNAVAILABLE)


def _complain(line: str) -> None:
    Console(stderr=True).print(plain(line), style="red", markup=False, highlight=False, soft_wrap=True)
