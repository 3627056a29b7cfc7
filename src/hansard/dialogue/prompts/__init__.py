"""Prompts for experts and briefs for whoever is new (specification, "Prompt Assembly", "Dynamic Expert Creation")."""
