"""Measurements: each takes --quick and --json FILE, and prints a table that names versions and machine."""
