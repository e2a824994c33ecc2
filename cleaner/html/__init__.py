"""Pages to blocks, and what a page tells about them beside their text."""
