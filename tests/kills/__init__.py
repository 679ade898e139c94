"""kill -9 of a real lendbot at random moments of a loan, as often as one asks: `python -m tests.kills`."""
