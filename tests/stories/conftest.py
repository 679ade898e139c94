"""One quiet, hurried site for the stories of a file. Each story uses a loan of its own, and leaves no fault behind."""

from collections.abc import Iterator

import pytest

from tests.conversion.rig import Rig
from tests.stories.bad_days import bad_site, heal


@pytest.fixture(scope="module")
def whole_site() -> Iterator[Rig]:
    with bad_site() as found:
        yield found


@pytest.fixture
def rig(whole_site: Rig) -> Iterator[Rig]:
    """The site, healed after the story."""
    yield whole_site
    heal(whole_site)
