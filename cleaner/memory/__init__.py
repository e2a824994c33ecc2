"""What a source repeats: counted in parts that merge exactly, kept in a file, asked about a document's blocks."""
