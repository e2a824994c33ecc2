"""Outputs, one file each: rows, clean texts, the archive, the report."""
