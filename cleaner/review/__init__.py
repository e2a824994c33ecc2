"""A local page over a run: look at what was removed, correct it by a click, keep every decision."""
