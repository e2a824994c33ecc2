"""One shard of a run: what is read for it, what is done with it phase by phase, what it leaves behind."""
