"""The command line: `cleancopy` and its commands."""
