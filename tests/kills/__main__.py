"""Kill and count: `python -m tests.kills --count 100 --seed 1 --at-once 4`."""

import argparse
import time
from concurrent.futures import ProcessPoolExecutor

from tests.kills.life import KILLS_A_WAY, Life, live


def main() -> int:
    """Live until each way has met so many kills, and print what came of them; 0 when nobody was harmed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100, help="kills on each way")
    parser.add_argument("--seed", type=int, default=1, help="of the first loan; each next one has the next")
    parser.add_argument("--at-once", type=int, default=4, help="sites side by side: a dead one's lease is waited for")
    asked = parser.parse_args()
    began, lives, seed = time.monotonic(), list[Life](), asked.seed
    while (missing := asked.count - min(_met(lives))) > 0:
        loans = range(seed, seed + -(-missing // KILLS_A_WAY))
        with ProcessPoolExecutor(asked.at_once) as pool:
            lives += pool.map(live, loans)
        seed = loans.stop
    print(told(lives), f"{time.monotonic() - began:.0f} s", flush=True)
    return int(any(life.jobs_killed or life.pods_killed or not life.is_home for life in lives))


def _met(lives: list[Life]) -> tuple[int, int]:
    return sum(life.lending for life in lives), sum(life.returning for life in lives)


def told(lives: list[Life]) -> str:
    """Sum lives up for people."""
    lending, returning = _met(lives)
    home = sum(life.is_home for life in lives)
    return (
        f"{len(lives)} loans, killed {lending} times on their way out and {returning} times on their way home."
        f" {home} are home. Jobs killed: {sum(life.jobs_killed for life in lives)};"
        f" pods killed: {sum(life.pods_killed for life in lives)}."
    )


if __name__ == "__main__":
    raise SystemExit(main())
