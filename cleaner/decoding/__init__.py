"""Bytes to text: which charset, mixed UTF-8, and repairs of what was decoded wrongly before."""
