"""Where Hansard keeps its things."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from hansard.app import errors

VARIABLE: Final = "HANSARD_HOME"
FOLDER: Final = ".hansard"


class Home(NamedTuple):
    """Hansard's folder, and whether it was met on the way up instead of being named."""

    folder: Path
    met: bool


def find_home(environment: Mapping[str, str], working_folder: Path) -> Home:
    """The home is what ``HANSARD_HOME`` names, or a ``.hansard/`` folder here or above, or the platform's place.

    The folder need not exist yet. An empty ``HANSARD_HOME`` counts as none.

    Raises:
        HansardError: ``home_unusable``.
    """
    try:
        named = environment.get(VARIABLE)
        if named:
            # links in it are the user's own, and stay
            return Home(Path(os.path.abspath(Path(named).expanduser())), met=False)  # noqa: PTH100
        here = working_folder.absolute()
    except (OSError, RuntimeError) as fault:  # a user whom '~' cannot name, or a working folder that was removed
        raise errors.home_unusable(fault.strerror if isinstance(fault, OSError) else str(fault)) from None
    for folder in (here, *here.parents):
        if os.path.isdir(folder / FOLDER):  # noqa: PTH112  # Path.is_dir fails where nobody may look
            return Home(folder / FOLDER, met=True)
    from platformdirs import user_data_path

    return Home(user_data_path("hansard", appauthor=False), met=False)


def usable(home: Path) -> Path:
    """The home, if its name is one that a store can have and it can be looked into; it need not exist yet.

    Raises:
        HansardError: ``home_unusable``.
    """
    try:
        str(home).encode()
        (home / "hansard.db").stat()
    except UnicodeEncodeError:
        raise errors.home_unusable("its name is not UTF-8") from None
    except (FileNotFoundError, NotADirectoryError):  # the store tells of the latter
        pass
    except OSError as fault:
        raise errors.home_unusable(fault.strerror) from None
    return home


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
