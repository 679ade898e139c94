"""Runs races and counts: `python -m tests.races --count 300 --seed 1`."""

import argparse
import time
from collections import Counter

from tests.races.race import Outcome, race


def main() -> None:
    """Run them, and print what came of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1, help="of the first; each next one has the next")
    asked = parser.parse_args()
    began = time.monotonic()
    outcomes = [race(seed) for seed in range(asked.seed, asked.seed + asked.count)]
    print(told(outcomes), f"{time.monotonic() - began:.0f} s")


def told(outcomes: list[Outcome]) -> str:
    """Sum races up for people."""
    alone = [o for o in outcomes if not o.setting.trouble and not o.setting.unusable]
    states = sum((o.states for o in outcomes), Counter())
    lowest = min((o.above for o in alone), default=0)
    lines = [
        f"{len(outcomes)} races of {sum(states.values())} loans; {sum(o.took for o in outcomes)} nodes taken.",
        f"{len(alone)} without staff or dead nodes in them: the fewest that stayed were the floor and {lowest} more.",
        f"Reservations let go: {sum(o.let_go for o in outcomes)}. Jobs killed: {sum(o.killed for o in outcomes)}.",
        "Loans: " + ", ".join(f"{count} {state}" for state, count in sorted(states.items())) + ".",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
