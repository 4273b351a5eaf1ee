"""The laboratory: scenarios, policies from files, runs, comparisons and reports."""
