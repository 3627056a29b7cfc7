"""The skills that assistants load: how to be a Judge, how to be an expert, how to write rules."""
