"""Which names and pages a server answers to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansard.kernel.errors import HansardError
from hansard.surfaces.http.gate import Allowed
from hansard.surfaces.http.serving import allowed


@pytest.mark.parametrize(
    ("host", "answered"),
    [
        ("localhost", True),
        ("LocalHost:7457", True),
        ("127.0.0.1:1", True),
        ("[::1]:7457", True),
        ("[::1]", True),
        ("::1", False),
        ("localhost.", False),
        ("localhost.evil.example", False),
        ("evil.example:7457", False),
        ("localhost:7457:7457", False),
        ("localhost:port", False),
        ("localhost:65536", False),
        ("user@localhost", False),
        ("localhost, evil.example", False),
        ("127.0.0.1.nip.io", False),
        ("", False),
    ],
)
def test_the_loopback_answers_to_its_own_names(host: str, answered: bool) -> None:
    """At any port, in any case, and to nothing that only looks like one of them."""
    assert Allowed().host(host) is answered


@given(st.text())
def test_no_other_text_is_a_name_of_ours(text: str) -> None:
    """Whatever stands in the header: only the names that are known are answered to."""
    name = text.lower().rpartition(":")[0] or text.lower()
    known = {"localhost", "127.0.0.1", "[::1]"}
    assert not Allowed().host(text) or name in known or text.lower() in known


def test_a_server_answers_to_what_it_was_started_with() -> None:
    """Its own address, and names that were given; every address at once is no name; '*' is any."""
    named = allowed("records.example", ["Minutes.example", "[fe80::1]"], [])
    assert all(named.host(host) for host in ("records.example:80", "minutes.example", "[fe80::1]:80", "localhost"))
    assert not allowed("0.0.0.0", [], []).host("0.0.0.0")
    assert not allowed("::", [], []).host("[::]:80")
    assert allowed("0.0.0.0", ["*"], []).host("anything.example")
    assert not allowed("0.0.0.0", ["*"], []).host("no host at all")


@pytest.mark.parametrize(
    ("origin", "may"),
    [
        ("http://localhost:7457", True),
        ("https://page.example", True),
        ("http://localhost:7458", False),
        ("http://page.example", False),
        ("https://page.example.evil", False),
        ("null", False),
        ("", False),
        ("http://[", False),
    ],
)
def test_pages_of_the_server_and_of_named_origins_may_call(origin: str, may: bool) -> None:
    """The server's own pages by the host that was called, others word for word."""
    assert Allowed(origins=("https://page.example",)).origin(origin, "localhost:7457") is may


@pytest.mark.parametrize(
    ("hosts", "origins", "right"),
    [
        (["records.example:80"], [], "records.example"),
        (["https://records.example/"], [], "records.example"),
        (["two words"], [], ""),
        ([], ["page.example"], "https://page.example"),
        ([], ["https://page.example/"], "https://page.example"),
        ([], ["https://page.example:443"], "https://page.example"),
        ([], ["HTTP://Page.example:8080/a"], "http://page.example:8080"),
        ([], ["*"], "https://example.org"),
    ],
)
def test_a_name_that_no_request_has_is_refused_with_the_right_form(
    hosts: list[str], origins: list[str], right: str
) -> None:
    """A port or a path in a host, an origin without its scheme or with a path: it would never match."""
    with pytest.raises(HansardError) as caught:
        allowed("127.0.0.1", hosts, origins)
    assert caught.value.code == "name_never_matches"
    assert right in (caught.value.suggestion or "")


def test_names_as_requests_have_them_are_taken() -> None:
    """Names, addresses with and without brackets, any name; origins with and without a port."""
    hosts = ["records.example", "10.0.0.7", "::1", "[fe80::1]", "*", "my_host"]
    assert allowed("127.0.0.1", hosts, ["https://page.example", "http://localhost:5173", "http://[::1]:8044"])
