"""lendbot doctor: every far side is asked what lendbot will need of it, and each failure says what to do.

It changes nothing anywhere. What it could not ask counts as not fine, and is told apart from what is broken.
"""
