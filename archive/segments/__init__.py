"""Our own segments: one gzip member a record, articles as groups, a seal at the end; written durably and read back."""
