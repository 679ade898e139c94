"""Loans that race for the last nodes above a floor: the product's own worker and store, beside a Slurm of values.

`python -m tests.races --count 300 --seed 1` runs that many and tells what came of them.
"""
