"""Where files lie that are not on this machine, and scratch space on it."""
