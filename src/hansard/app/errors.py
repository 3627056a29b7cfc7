"""Refusals before any operation runs."""

from __future__ import annotations

from collections.abc import Iterable

from hansard.kernel.errors import HansardError, did_you_mean


def home_unusable(why: str | None) -> HansardError:
    """What should be Hansard's home is no folder that it can work in."""
    return HansardError(
        "invalid",
        "home_unusable",
        f"Hansard's home cannot be used: {why or 'unknown reason'}",
        field="home",
        suggestion="Check --home and HANSARD_HOME, and that the folder in which you stand still exists",
    )


def already_closed() -> HansardError:
    """A ``Hansard`` was used after its ``close``."""
    return HansardError(
        "unavailable",
        "already_closed",
        "this Hansard is closed",
        suggestion="Open another one with Hansard(), or do it inside the 'with' block",
    )


def store_missing() -> HansardError:
    """There is no store where one was to be read; only what writes makes one."""
    return HansardError(
        "not_found",
        "store_missing",
        "there is no store in this home",
        field="home",
        suggestion="Check --home and HANSARD_HOME ('hansard doctor' tells which home this is). Where there was a "
        "store, put back your last copy; otherwise 'hansard import FOLDER' or 'dialogue_create' makes one",
    )


def settings_unreadable(why: str) -> HansardError:
    """``settings.toml`` is there and cannot be read."""
    return HansardError(
        "invalid",
        "settings_unreadable",
        f"'settings.toml' in Hansard's home cannot be read: {why}",
        field="settings.toml",
        constraint="shape",
        suggestion="Mend the file or move it away; without it the defaults hold",
    )


def invalid_setting(name: str, value: object, why: str) -> HansardError:
    """A setting has a value that does not fit."""
    return HansardError(
        "invalid",
        "invalid_setting",
        f"the setting '{name}' {why}",
        field=name,
        value=value,
        constraint="shape",
        suggestion=f"Mend '{name}' in settings.toml, or HANSARD_{name.upper()} in the environment",
    )


def unknown_setting(name: str, known: Iterable[str]) -> HansardError:
    """``settings.toml`` names a setting that does not exist; nothing that a user sets is silently dropped."""
    options = sorted(known)
    return HansardError(
        "invalid",
        "unknown_setting",
        f"'{name}' is not a setting",
        field=name,
        constraint="shape",
        valid_options=options,
        suggestion=did_you_mean(name, options) or "Take it out of settings.toml",
    )


def settings_invalid(faults: Iterable[HansardError]) -> HansardError:
    """Several settings at once do not fit."""
    told = list(faults)
    return HansardError(
        "invalid",
        "settings_invalid",
        f"{len(told)} settings do not fit",
        constraint="batch",
        suggestion="Mend each of them in settings.toml or in the environment",
        errors=told,
    )
