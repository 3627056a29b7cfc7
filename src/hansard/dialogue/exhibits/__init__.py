"""Exhibits that evidence cites, conditions that are watched, and whether a verdict still stands (decision 0012)."""
