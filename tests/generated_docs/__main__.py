"""python -m tests.generated_docs [--check] [--root DIR]: write the generated pages, or only say which are stale."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.generated_docs import ROOT, WORD, stale, write


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.generated_docs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 when a page is stale")
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout whose docs/ is meant")
    asked = parser.parse_args(words)
    if not asked.check:
        print("\n".join(f"wrote {path}" for path in write(asked.root)) or "all pages were current")
    elif found := stale(asked.root):
        sys.exit(f"stale: {', '.join(found)}\nrun `{WORD}` and commit what it wrote")


if __name__ == "__main__":
    main()
