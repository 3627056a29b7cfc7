"""Where Hansard keeps its things."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

VARIABLE: Final = "HANSARD_HOME"
FOLDER: Final = ".hansard"


def find_home(environment: Mapping[str, str], working_folder: Path) -> Path:
    """The home is what ``HANSARD_HOME`` names, or a ``.hansard/`` folder here or above, or the platform's place.

    The folder need not exist yet. An empty ``HANSARD_HOME`` counts as none.
    """
    named = environment.get(VARIABLE)
    if named:
        return Path(os.path.abspath(Path(named).expanduser()))  # noqa: PTH100  # links in it are the user's own
    for folder in (working_folder, *working_folder.parents):
        if (folder / FOLDER).is_dir():
            return folder / FOLDER
    from platformdirs import user_data_path

    return user_data_path("hansard", appauthor=False)


def os_user() -> str:
    """The name of the operating system's user; ``user-<number>`` where the system knows none."""
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError):
        import getpass

        try:
            return getpass.getuser()
        except (OSError, KeyError):
            return f"user-{os.getuid()}" if hasattr(os, "getuid") else "user"
