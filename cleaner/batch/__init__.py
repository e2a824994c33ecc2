"""Many documents: the plan of a run, its shards, their output, progress, resume."""
