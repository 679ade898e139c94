"""Quantities as Kubernetes writes them: `4`, `480Gi`, `63500m`.

source   apimachinery pkg/api/resource/quantity.go, whose grammar this is
"""

import re
from decimal import Decimal
from typing import Final

_WRITTEN: Final = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:([KMGTPE]i|[numkMGTPE])|[eE]([+-]?\d{1,3}))?", re.ASCII)
_SMALL: Final = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY: Final = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}


def quantity(written: str) -> Decimal:
    """Return what is written as a number; ValueError when it is no quantity."""
    found = _WRITTEN.fullmatch(written)
    if found is None:
        raise ValueError(f"{written!r} is no quantity, as 4 or 480Gi are")
    number, suffix, exponent = Decimal(found[1]), found[2] or "", int(found[3] or 0)
    if suffix in _BINARY:
        return number * Decimal(1024) ** _BINARY[suffix]
    return number.scaleb(_SMALL[suffix] + exponent)
