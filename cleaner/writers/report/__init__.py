"""The report of a run: one web page, without scripts from elsewhere."""
