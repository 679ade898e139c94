"""Runs the matrix and counts: `python -m tests.outages --nodes 60 --sides slurm kube --spans 30 180`."""

import argparse
import logging
import sys
import time
from datetime import timedelta

import structlog

from tests.outages.outage import SIDES, Outcome, outage


def main() -> int:
    """Run it, print what came of each outage, and return 1 when one cost more than time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=60)
    parser.add_argument("--speed", type=float, default=100.0, help="site seconds in one")
    parser.add_argument("--sides", nargs="+", default=list(SIDES), choices=list(SIDES))
    parser.add_argument("--spans", nargs="+", type=int, default=[30, 180], help="minutes of site time")
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)  # paramiko tells of every connection that a gateway cuts
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    are_good = True
    for side in asked.sides:
        for minutes in asked.spans:
            began = time.monotonic()
            outcome = outage(side, timedelta(minutes=minutes), asked.nodes, asked.speed)
            are_good = are_good and outcome.is_good
            print(told(outcome), f"{time.monotonic() - began:.0f} s", flush=True)
    return 0 if are_good else 1


def told(outcome: Outcome) -> str:
    """Say what came of an outage, in lines."""
    steps = ", ".join(f"{count} {step}" for step, count in outcome.at_step.items())
    looks = ", ".join(f"{count} at look {look}" for look, count in sorted(outcome.looks.items())) or "none waited"
    cost = (
        f"{outcome.stuck} stuck, {outcome.broke} failed, {outcome.replaced} replaced, "
        f"{outcome.beyond} beyond what was approved; {outcome.letters} messages to on-call"
    )
    lines = [
        f"{'good' if outcome.is_good else 'BAD '} {outcome.side} away for {outcome.span}: {cost}",
        f"     {outcome.paused} waited when it came back, and went on: {looks}",
        f"     stood at: {steps}",
        *(f"     {each}" for each in outcome.reasons),
        *(f"     never came to rest: {each}" for each in outcome.restless),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
