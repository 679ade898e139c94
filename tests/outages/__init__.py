"""Far sides that are away for long, at each step of both ways: the product's own worker and store, beside a real site.

`python -m tests.outages --nodes 60` runs the whole matrix and tells what came of it.
"""
