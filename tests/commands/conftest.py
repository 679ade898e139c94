"""One quiet site for all commands, and a counter with a store of its own for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.counter import Counter, a_counter, a_quiet_site
from tests.conversion.rig import Rig


@pytest.fixture(scope="package")
def quiet_site() -> Iterator[Rig]:
    with a_quiet_site() as rig:
        yield rig


@pytest.fixture
def counter(quiet_site: Rig, tmp_path: Path) -> Iterator[Counter]:
    with a_counter(quiet_site, tmp_path) as found:
        yield found
