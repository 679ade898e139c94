"""Domain objects in, blocks out. Pure: the same input gives the same blocks, and nothing here asks anybody."""
