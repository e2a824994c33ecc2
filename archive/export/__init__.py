"""The archive for other people's programs: WET files, rows and tables, and the index of replay tools."""
