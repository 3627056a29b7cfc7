"""Figures of a server, and those that stand beside them."""

from __future__ import annotations

from hansard.surfaces.http.metrics import Metrics


def test_what_others_count_stands_behind_the_server_s_own_figures() -> None:
    """One document has both, each line once; without others it is the server's alone."""
    alone = Metrics().text(7).decode()
    both = Metrics(lambda: b"hansard_other_total 1.0\n").text(7).decode()
    assert "hansard_journal_position 7.0" in alone
    assert both == alone + "hansard_other_total 1.0\n"
