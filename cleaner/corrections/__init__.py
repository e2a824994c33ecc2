"""What persons decided otherwise than the cleaner: rows that are kept, merged, checked, and obeyed by the next run."""
