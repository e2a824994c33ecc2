"""Any WARC file: gzip and zstd members, records, HTTP bodies, digests, warc-fields; nothing of our own segments."""
