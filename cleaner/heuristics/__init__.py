"""Cue tables and rules: evidence for a label, with its reason. Nothing here decides."""
