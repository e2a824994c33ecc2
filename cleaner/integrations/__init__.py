"""Cleaning inside of other programs: columns of a table, steps of datatrove."""
