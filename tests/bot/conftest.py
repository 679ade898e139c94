"""One house for all that goes through Slack: lendbot at work on a quiet site. Tests use loans of their own."""

from collections.abc import Iterator

import pytest

from tests.bot.house import House, at_work


@pytest.fixture(scope="module")
def whole_house() -> Iterator[House]:
    with at_work() as house:
        yield house


@pytest.fixture
def house(whole_house: House) -> Iterator[House]:
    """The house, without faults before and after."""
    yield whole_house
    whole_house.site.call(whole_house.site.faults.clear)
