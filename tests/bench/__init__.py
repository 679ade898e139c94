"""How fast lendbot is, as ratios taken in one run: `make bench`.

Not a test of `make test`: a shared machine would fail it at random. Each module measures one thing against the sandbox.
"""
