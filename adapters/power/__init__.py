"""Power through the nodes' BMCs, one driver a module. BMCs cache: what they say may be a minute old."""
