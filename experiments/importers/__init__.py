"""Importers of public instances and plain order files."""
