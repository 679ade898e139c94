"""lendbot on the lab: its settings, its process, the people who talk to it, and the lab's own books to check it by."""
