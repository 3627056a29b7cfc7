"""Dialogues that ship with Hansard, as data: folders in the layout that ``hansard import`` reads."""
