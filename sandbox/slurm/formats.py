"""The `%.18i %N` formats that squeue and sinfo share: letters, widths, justification."""

import re
from collections.abc import Callable, Mapping
from typing import Final

_FIELD: Final = re.compile(r"%(\.?)(\d*)([A-Za-z])")


def render(layout: str, value: Callable[[str], str]) -> str:
    """Return a layout with every field replaced; a width cuts, a dot justifies to the right."""

    def one(found: re.Match[str]) -> str:
        text, width = value(found[3]), int(found[2] or 0)
        if not width:
            return text
        return text[:width].rjust(width) if found[1] else text[:width].ljust(width)

    return _FIELD.sub(one, layout)


def letters(layout: str) -> list[str]:
    """Return the letters a layout uses."""
    return [found[3] for found in _FIELD.finditer(layout)]


def heading(layout: str, names: Mapping[str, str]) -> str:
    """Return the line of column names."""
    return render(layout, lambda letter: names.get(letter, letter))
