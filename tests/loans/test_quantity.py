"""Quantities as Kubernetes writes them."""

from decimal import Decimal

import pytest

from loans.quantity import quantity


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("4", 4),
        ("480Gi", 480 * 2**30),
        ("527951396Ki", 527951396 * 2**10),
        ("1.5Gi", 1536 * 2**20),
        ("63500m", Decimal("63.5")),
        ("540G", 540 * 10**9),
        ("2k", 2000),
        ("1e3", 1000),
        ("1E3", 1000),
        ("1E", 10**18),
        (".5", Decimal("0.5")),
    ],
)
def test_a_quantity_means_what_kubernetes_means_by_it(written: str, means: int | Decimal) -> None:
    """480Gi asked for and 515577536Ki found are compared as numbers, not as words."""
    assert quantity(written) == means


@pytest.mark.parametrize("written", ["", "four", "4 Gi", "4gi", "4KI", "0x4", "1e", "NaN", "inf", "\u0664"])
def test_what_is_no_quantity_is_none(written: str) -> None:
    """A settings file with a slip is refused at start, and no node is measured by it."""
    with pytest.raises(ValueError, match="is no quantity"):
        quantity(written)
