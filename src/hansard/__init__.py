"""Hansard: the official record of AI deliberation.

Importing this package loads no third party; each room is imported when something needs it.
"""

__version__ = "0.1.0"
