"""Labelled documents to model files, and scores of a cleaner against labelled documents."""
