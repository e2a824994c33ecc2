"""OUT: the folder or prefix of a store that a run writes, and what it tells about the run."""
