"""Calibration: rules that experts argue under, and the ethos of a dialogue (dialogue.md, "Calibration")."""
