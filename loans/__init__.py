"""The domain: what a loan is, what may happen to it, and who decides. No I/O, no clock, no randomness."""
