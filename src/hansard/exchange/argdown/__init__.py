"""Argdown, a plain text for arguments: written, and read back as far as its documented subset goes."""

from hansard.exchange.argdown.importer import IMPORTER

__all__ = ["IMPORTER"]
