"""``hansard serve`` as people run it: real processes, real sockets, tokens, events, and how it ends."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from hansard import Hansard
from hansard.surfaces.http.gate import LIMIT_BYTES
from tests.acceptance.program import PROGRAM, environment, hansard
from tests.conftest import ROOT, absent
from tests.support.deliberations import small_dialogue, small_round
from tests.support.server import WAIT_SECONDS, Served, done, post, serving

EXAMPLE = ROOT / "src" / "hansard" / "examples" / "2026-09-14T0900Z-ledger-write-path"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server over a home with one dialogue, for tests that leave it as it is or add to it."""
    home = tmp_path_factory.mktemp("served")
    with Hansard(home) as hansard:
        hansard.call("dialogue_create", small_dialogue("Shared"))
    with serving(home, cwd=tmp_path_factory.mktemp("elsewhere")) as running:
        yield running


@pytest.fixture(scope="module")
def client(served: Served) -> Iterator[httpx2.Client]:
    """A client that may do everything."""
    with served.client(served.token("everything")) as opened:
        yield opened


def code(response: httpx2.Response) -> tuple[int, str]:
    """Status and error code of a refusal, which has the form of all of them."""
    told = response.json()
    assert list(told)[:4] == ["status", "success", "kind", "error_code"]
    assert (told["status"], told["success"], told["error"]) == ("error", False, told["message"])
    assert response.headers["Cache-Control"] == "no-store"
    return response.status_code, str(told["error_code"])


# ---------------------------------------------------------------------- requests and answers


def test_an_answer_is_what_the_operation_answers(served: Served, client: httpx2.Client) -> None:
    """Over HTTP, in Python and by 'hansard call' the same is said."""
    with Hansard(served.home) as hansard_:
        expected = hansard_.call("dialogue_progress", {"dialogue_id": "shared"}).model_dump(mode="json", by_alias=True)
    by_path = client.get("/api/v1/dialogues/shared/progress")
    assert by_path.json() == expected
    assert done(client, "dialogue_progress", {"dialogue_id": "shared"}) == expected
    called = hansard("call", "dialogue_progress", '{"dialogue_id": "shared"}', "--home", served.home)
    assert called.json == expected


def test_queries_are_read_as_the_shape_means_them(client: httpx2.Client) -> None:
    """Numbers, truths, lists and objects of a query; whatever else stands there is refused by name."""
    assert client.get("/api/v1/dialogues?limit=1&tags=risk&tags=ledger").json()["dialogues"] == []
    assert client.get("/api/v1/rules?retired=true").status_code == 200
    contexts = client.get("/api/v1/dialogues/shared/context", params={"round_contexts": '{"muffin": "You know."}'})
    assert "You know." in contexts.text
    for query, field in (
        ("limit=many", "limit"),
        ("limit=1.0", "limit"),
        ("limit=", "limit"),
        ("limit=0", "limit"),
        ("lmit=1", "lmit"),
        ("status=sleepy", "status"),
    ):
        refused = client.get(f"/api/v1/dialogues?{query}")
        assert (refused.status_code, refused.json()["field"]) == (422, field), query
    assert code(client.get("/api/v1/dialogues?limit=1&limit=2")) == (422, "parameter_twice")
    assert code(client.get("/api/v1/dialogues/nobodys")) == (404, "dialogue_not_found")


def test_a_read_takes_the_beginning_of_an_id_wherever_it_names_a_dialogue(client: httpx2.Client) -> None:
    """In the path, in a query, for the journal and a search; what nobody has is not found, and no empty list."""
    whole = client.get("/api/v1/dialogues/shared/progress").json()
    assert client.get("/api/v1/dialogues/shar/progress").json() == whole
    for path in ("journal?limit=5", "search?query=clay"):
        assert (
            client.get(f"/api/v1/{path}&dialogue_id=shar").json()
            == client.get(f"/api/v1/{path}&dialogue_id=shared").json()
        ), path
        assert code(client.get(f"/api/v1/{path}&dialogue_id=nobodys")) == (404, "dialogue_not_found")


def test_what_is_no_request_gets_our_error(client: httpx2.Client) -> None:
    """Bad JSON, another type, a wrong path, a wrong method: the same form of answer, with the status that HTTP has."""
    plain = {"Content-Type": "application/json"}
    for body in (b"", b"{", b"[1]", b'{"a":1,"a":2}', b'{"a":NaN}', b"\xff\xfe", b"null"):
        assert code(client.post("/api/v1/dialogue_list", content=body, headers=plain)) == (400, "body_not_json"), body
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        refused = client.post("/api/v1/dialogue_list", content=b"{}", headers={"Content-Type": kind})
        assert code(refused) == (415, "content_type_unsupported")
    assert post(client, "dialogue_list", {}, **{"Content-Type": "application/json; charset=utf-8"}).status_code == 200
    assert code(client.get("/api/v1/dialogs")) == (404, "no_such_route")
    assert client.get("/api/v1/dialogs").json()["suggestion"] == "Did you mean '/api/v1/dialogues'?"
    wrong = client.delete("/api/v1/dialogues")
    assert code(wrong) == (405, "wrong_method")
    assert "GET" in wrong.headers["Allow"]
    assert code(client.get("/api/v1/dialogue_create")) == (405, "wrong_method")


def test_a_body_that_is_too_large_is_not_read(served: Served, client: httpx2.Client) -> None:
    """Whether its size is told beforehand or not."""
    chunk = b" " * (1024 * 1024)

    def endless() -> Iterator[bytes]:
        for _ in range(LIMIT_BYTES // len(chunk) + 1):
            yield chunk

    plain = {"Content-Type": "application/json"}
    refused = client.post("/api/v1/dialogue_list", content=endless(), headers=plain)
    assert code(refused) == (413, "request_too_large")
    address = urlsplit(served.url)
    assert address.hostname is not None
    with socket.create_connection((address.hostname, address.port or 0), timeout=WAIT_SECONDS) as line:
        told = f"POST /api/v1/dialogue_list HTTP/1.1\r\nHost: {address.netloc}\r\n{_bearer(client)}"
        line.sendall(f"{told}Content-Type: application/json\r\nContent-Length: {LIMIT_BYTES + 1}\r\n\r\n".encode())
        assert line.recv(100).startswith(b"HTTP/1.1 413 ")
    assert client.get("/healthz").status_code == 200


def _bearer(client: httpx2.Client) -> str:
    return f"Authorization: {client.headers['Authorization']}\r\n"


def test_a_key_that_comes_again_gets_the_first_answer(served: Served, client: httpx2.Client) -> None:
    """Idempotency-Key is the request_id: repeated, the same answer and no further entry; otherwise it is refused."""
    rule = {"type": "principle", "label": "Cite", "text": "Figures have sources."}
    first = done(client, "rule_create", rule, **{"Idempotency-Key": "once-1"})
    before = client.get("/api/v1/journal/position").json()
    assert done(client, "rule_create", rule, **{"Idempotency-Key": '"once-1"'}) == first
    assert done(client, "rule_create", {**rule, "request_id": "once-1"}) == first
    assert client.get("/api/v1/journal/position").json() == before
    other = post(client, "rule_create", {**rule, "label": "Other"}, **{"Idempotency-Key": "once-1"})
    assert code(other) == (409, "request_id_reused")
    differs = post(client, "rule_create", {**rule, "request_id": "a"}, **{"Idempotency-Key": "b"})
    assert code(differs) == (422, "idempotency_key_unusable")
    assert code(post(client, "keys_create", {}, **{"Idempotency-Key": "k"})) == (422, "idempotency_key_unusable")
    with served.client(served.token("another", "judge")) as somebody:  # a key is its caller's own
        assert done(somebody, "rule_create", rule, **{"Idempotency-Key": "once-1"}) != first


def test_an_answer_that_the_caller_holds_is_not_sent_again(client: httpx2.Client) -> None:
    """ETag and If-None-Match; a change gives another tag."""
    path = "/api/v1/rules"
    first = client.get(path)
    tag = first.headers["ETag"]
    assert first.headers["Cache-Control"] == "private, no-cache"
    for held in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = client.get(path, headers={"If-None-Match": held})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200
    done(client, "rule_create", {"type": "constraint", "label": "New", "text": "Something else."})
    changed = client.get(path, headers={"If-None-Match": tag})
    assert (changed.status_code, changed.headers["ETag"] == tag) == (200, False)
    head = client.head(path)
    assert (head.status_code, head.content, head.headers["ETag"]) == (200, b"", changed.headers["ETag"])


def test_lists_lead_on_page_by_page(client: httpx2.Client) -> None:
    """The Link of each page leads to the next, until everything was there once."""
    done(client, "domain_create", {"domain_id": "PAG", "name": "Pages"})
    path: str | None = "/api/v1/journal?limit=1&stream=calibration:"
    seen = []
    while path is not None:
        page = client.get(path)
        seen += [event["position"] for event in page.json()["events"]]
        found = re.fullmatch(r'<(.+)>; rel="next"', page.headers.get("Link", ""))
        path = found[1] if found else None
    whole = client.get("/api/v1/journal?limit=1000&stream=calibration:").json()
    assert seen == [event["position"] for event in whole["events"]] != []
    assert whole["next"] is None


def test_dialogues_are_told_page_by_page(tmp_path: Path) -> None:
    """Newest first, each once, whatever their number and their time; a place that there is not is refused."""
    titles = [f"Number {number}" for number in range(7)]
    with serving(tmp_path) as served, served.client(served.token("reader")) as client:
        for title in titles:
            done(client, "dialogue_create", small_dialogue(title))
        whole = [one["dialogue_id"] for one in client.get("/api/v1/dialogues").json()["dialogues"]]
        assert sorted(whole) == sorted(title.lower().replace(" ", "-") for title in titles)
        for size in (1, 2, 7, 8):
            path: str | None = f"/api/v1/dialogues?limit={size}&status=open"
            seen: list[str] = []
            while path is not None:
                page = client.get(path)
                assert page.json()["total"] == 7
                seen += [one["dialogue_id"] for one in page.json()["dialogues"]]
                found = re.fullmatch(r'<(.+)>; rel="next"', page.headers.get("Link", ""))
                path = found[1] if found else None
            assert seen == whole
        assert code(client.get("/api/v1/dialogues?after=nobody")) == (404, "dialogue_not_found")


# ---------------------------------------------------------------------- who may call


def test_other_hosts_and_pages_are_turned_away(client: httpx2.Client) -> None:
    """A name that somebody gave our address, and a page of another origin, reach nothing, whatever token they have."""
    for path in ("/api/v1/dialogues", "/mcp", "/metrics"):
        assert code(client.get(path, headers={"Host": "evil.example"})) == (403, "host_not_allowed")
        assert code(client.get(path, headers={"Origin": "https://evil.example"})) == (403, "origin_not_allowed")
        assert code(client.get(path, headers={"Origin": "null"})) == (403, "origin_not_allowed")
    port = client.base_url.port
    for host in (f"localhost:{port}", "127.0.0.1", f"[::1]:{port}", "LOCALHOST"):
        assert client.get("/api/v1/dialogues", headers={"Host": host}).status_code == 200
    own = client.get("/api/v1/dialogues", headers={"Origin": f"http://127.0.0.1:{port}"})
    assert (own.status_code, own.headers.get("Access-Control-Allow-Origin")) == (200, None)
    asked = client.options("/api/v1/dialogues", headers={"Origin": "https://evil.example"})
    assert asked.status_code == 403


def test_hosts_and_origins_that_are_named_may_call(tmp_path: Path) -> None:
    """--allow-host and --allow-origin: the page's browser asks first, without a token, and may then read the answer."""
    page = "https://minutes.example"
    with (
        serving(tmp_path, "--allow-host", "records.example", "--allow-origin", page) as served,
        served.client(served.token("page")) as client,
    ):
        known = {"Host": "records.example:80", "Origin": page}
        asked = httpx2.options(f"{served.url}/api/v1/dialogue_list", headers=known)
        assert (asked.status_code, asked.headers["Access-Control-Allow-Origin"]) == (204, page)
        assert "Authorization" in asked.headers["Access-Control-Allow-Headers"]
        answered = client.get("/api/v1/dialogues", headers=known)
        assert (answered.status_code, answered.headers["Access-Control-Allow-Origin"]) == (200, page)
        assert client.get("/api/v1/dialogues", headers={**known, "Origin": page + ".evil"}).status_code == 403
        assert httpx2.get(f"{served.url}/api/v1/dialogues", headers=known).status_code == 401


def test_every_answer_is_safe_in_a_browser(client: httpx2.Client) -> None:
    """Nothing is sniffed, framed, run or kept by others, whatever was asked and however it ended."""
    for response in (client.get("/healthz"), client.get("/api/v1/dialogues"), client.get("/no"), client.put("/mcp")):
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["X-Frame-Options"] == "DENY"
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        assert "Access-Control-Allow-Origin" not in response.headers


def test_a_token_is_shown_once_and_ends_when_it_is_revoked(served: Served) -> None:
    """The command shows it, the list never does, the store holds none of it, and revoking works at once."""
    home = ("--home", served.home)
    made = hansard("token", "create", "phone", "--scope", "judge", "--expires", "30d", *home)
    found = re.search(r"^hst_[\w-]{43}$", made.out, re.MULTILINE)
    assert found is not None
    token = found[0]
    with served.client(token) as client:
        assert client.get("/api/v1/dialogues").status_code == 200
        listed = hansard("token", "list", *home)
        assert "phone" in listed.out
        assert token not in listed.out + hansard("token", "list", "--json", *home).out
        assert hansard("token", "create", "phone", *home).code == 5
        assert hansard("token", "revoke", "phone", *home).code == 0
        assert code(client.get("/api/v1/dialogues")) == (401, "not_authenticated")
    for file in served.home.glob("hansard.db*"):
        assert token.encode() not in file.read_bytes()
    assert hansard("token", "create", "gone", "--expires", "2020-01-01", *home).code == 3
    wrong = hansard("token", "create", "gone", "--expires", "yesterday", *home)
    assert wrong.code == 2
    assert "--expires" in wrong.err
    assert "30d" in wrong.err
    assert hansard("token", "create", "no name", *home).code == 3
    assert hansard("token", "revoke", "nobody", *home).code == 4
    assert hansard("verify", "--all", *home).code == 0


def test_a_repeated_request_for_a_token_shows_none(client: httpx2.Client) -> None:
    """The first answer alone has it, since it is kept nowhere."""
    asked = {"name": "twice", "scope": "read", "request_id": "token-twice"}
    first, again = done(client, "token_create", asked), done(client, "token_create", asked)
    assert first.pop("token").startswith("hst_")
    assert again.pop("token") is None
    assert first == again


def test_a_terminal_gets_a_token_for_the_run(tmp_path: Path) -> None:
    """Where the store has none; it holds for this run and is stored nowhere."""
    leader, follower = pty.openpty()
    server = subprocess.Popen(
        [*PROGRAM, "serve", "--home", str(tmp_path), "--port", "0"],
        stdout=follower,
        stderr=follower,
        stdin=subprocess.DEVNULL,
        env=environment(TERM="xterm", COLUMNS="200"),
    )
    os.close(follower)
    said = ""
    while "hst_" not in said or "\n" not in said.partition("hst_")[2]:
        said += os.read(leader, 1000).decode()
    said = re.sub(r"\x1b\[[0-9;]*m", "", said)
    url, token = re.search(r"http://[\w.:]+\d", said), re.search(r"hst_[\w-]{43}", said)
    assert url is not None
    assert token is not None
    with httpx2.Client(base_url=url[0], headers={"Authorization": f"Bearer {token[0]}"}) as client:
        assert client.get("/api/v1/dialogues").status_code == 200
        assert code(client.get("/api/v1/tokens")) == (403, "not_permitted")
    server.send_signal(signal.SIGINT)
    assert server.wait(WAIT_SECONDS) == 0
    os.close(leader)
    with serving(tmp_path) as again:  # no terminal: nobody is given a token
        assert again.given is None
        assert httpx2.get(f"{again.url}/api/v1/dialogues", headers={"Authorization": f"Bearer {token[0]}"}).is_error


def test_callers_read_and_write_no_files_of_the_user(served: Served, client: httpx2.Client, tmp_path: Path) -> None:
    """Only the home, and of it nothing that it keeps for itself, whatever way leads there."""
    secret = tmp_path / "secret.md"
    secret.write_text("A secret of the user.")
    (served.home / "link.md").symlink_to(secret)
    (served.home / "settings.toml").write_text("busy_timeout_seconds = 30.0\n")
    for path in (secret, served.home / "link.md", served.home / "settings.toml", served.home / "hansard.db", "/"):
        asked = {"dialogue_id": "shared", "round": 0, "expert": "muffin", "path": str(path)}
        assert post(client, "dialogue_parse_response", asked).status_code in (403, 422), path
        assert post(client, "dialogue_import", {"path": str(path)}).status_code in (403, 422), path
        assert post(client, "verify", {"target": str(path)}).status_code in (403, 404, 422), path
        asked = {"dialogue_id": "shared", "kind": "file", "path": str(path), "label": "x"}
        assert post(client, "exhibit_add", asked).status_code in (403, 422), path
        exported = post(client, "dialogue_export", {"dialogue_id": "shared", "output_path": f"{path}.json"})
        assert exported.status_code in (200, 403), path
    assert sorted(file.name for file in tmp_path.iterdir()) == ["secret.md"]


# ---------------------------------------------------------------------- events


class Listener:
    """Somebody who listens in a thread of their own, until they have heard enough."""

    def __init__(self, client: httpx2.Client, path: str, **headers: str) -> None:
        self.heard: list[dict[str, Any]] = []
        self.ended = threading.Event()
        self._more = threading.Condition()
        self._client, self._path, self._headers = client, path, headers
        self._begun = threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()
        assert self._begun.wait(WAIT_SECONDS)

    def _listen(self) -> None:
        with (
            contextlib.suppress(httpx2.HTTPError),
            self._client.stream("GET", self._path, headers=self._headers) as response,
        ):
            assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
            event: dict[str, Any] = {}
            for line in response.iter_lines():
                self._begun.set()
                name, _, value = line.partition(": ")
                if line:
                    event[name] = value
                    continue
                if "data" in event:
                    with self._more:
                        self.heard.append({**event, "data": json.loads(event["data"])})
                        self._more.notify_all()
                event = {}
        self._begun.set()
        self.ended.set()

    def first(self, count: int) -> list[dict[str, Any]]:
        """The first so many events, once they were heard."""
        with self._more:
            assert self._more.wait_for(lambda: len(self.heard) >= count, WAIT_SECONDS), self.heard
            return self.heard[:count]


def tagged(client: httpx2.Client, dialogue_id: str, count: int) -> None:
    """So many entries of a dialogue."""
    for number in range(count):
        done(client, "dialogue_tag", {"dialogue_id": dialogue_id, "add": [f"t{number}-{os.urandom(4).hex()}"]})


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Served, Served]]:
    """Two servers on one store with two dialogues."""
    with Hansard(tmp_path) as hansard_:
        for title in ("Alpha", "Beta"):
            hansard_.call("dialogue_create", small_dialogue(title))
    with serving(tmp_path) as one, serving(tmp_path) as other:
        yield one, other


def test_listeners_hear_what_is_written_anywhere(pair: tuple[Served, Served]) -> None:
    """An event for each entry, in order, whichever process wrote it; by dialogue where that was asked."""
    one, other = pair
    token = one.token("listener")
    with one.client(token) as client, other.client(token) as writer:
        begin = client.get("/api/v1/journal/position").json()["position"]
        everything = Listener(client, "/api/v1/events")
        beta = Listener(client, "/api/v1/events?dialogue_id=beta")
        tagged(writer, "alpha", 2)
        tagged(client, "beta", 1)
        with Hansard(one.home) as hansard_:
            hansard_.call("dialogue_tag", {"dialogue_id": "alpha", "add": ["by python"]})
        tagged(writer, "beta", 1)
        heard = everything.first(5)
        assert [event["id"] for event in heard] == [str(begin + 1 + number) for number in range(5)]
        assert {event["event"] for event in heard} == {"entry"}
        told = heard[2]["data"]
        assert list(told) == ["version", "sequence", "time", "operation", "streams"]
        assert (told["version"], told["sequence"], told["operation"]) == (1, begin + 3, "dialogue_tag")
        assert [one["stream"] for one in told["streams"]] == ["dialogue:beta"]
        assert [event["id"] for event in beta.first(2)] == [str(begin + 3), str(begin + 5)]


def test_whoever_comes_back_misses_nothing(pair: tuple[Served, Served]) -> None:
    """Last-Event-ID goes on where the listener was, on any server; 'after' begins anywhere."""
    one, other = pair
    token = one.token("listener")
    with one.client(token) as client, other.client(token) as elsewhere:
        begin = client.get("/api/v1/journal/position").json()["position"]
        tagged(client, "alpha", 3)
        again = Listener(elsewhere, "/api/v1/events?after=0", **{"Last-Event-ID": str(begin + 1)})
        tagged(client, "beta", 1)
        assert [event["id"] for event in again.first(3)] == [str(begin + number) for number in (2, 3, 4)]
        whole = Listener(client, "/api/v1/events?after=0").first(begin + 4)
        assert [event["data"]["sequence"] for event in whole] == list(range(1, begin + 5))
        bad = client.get("/api/v1/events", headers={"Last-Event-ID": "yesterday"})
        assert (bad.status_code, bad.json()["field"]) == (422, "after")
        beyond = client.get("/api/v1/events", headers={"Last-Event-ID": str(begin + 1000)})
        assert code(beyond) == (422, "position_to_come")
        assert code(client.get("/api/v1/events?dialogue_id=nope")) == (404, "dialogue_not_found")


def test_a_path_where_nothing_streams_opens_no_stream(client: httpx2.Client) -> None:
    """MCP keeps no session here, so that a GET would wait for ever: it is refused, and POST is named."""
    refused = client.get("/mcp", headers={"Accept": "text/event-stream"})
    assert code(refused) == (405, "wrong_method")
    assert refused.json()["valid_options"] == ["POST"]


def test_streams_end_with_the_server(tmp_path: Path) -> None:
    """SIGTERM ends what would go on for ever, and the process ends well."""
    with serving(tmp_path) as served, served.client(served.token("listener")) as client:
        listeners = [Listener(client, "/api/v1/events") for _ in range(3)]
        assert "hansard_http_event_streams 3.0" in client.get("/metrics").text
        assert served.end() == 0
        for listener in listeners:
            assert listener.ended.wait(WAIT_SECONDS)


# ---------------------------------------------------------------------- several at once, and the end


@contextlib.contextmanager
def held(home: Path) -> Iterator[None]:
    """While somebody else writes into the store, and everybody who wants to waits."""
    connection = sqlite3.connect(home / "hansard.db", isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


def test_a_write_that_was_begun_is_finished_before_the_end(tmp_path: Path) -> None:
    """SIGTERM while a write waits for its turn: its caller still gets the answer, and it is recorded."""
    with (
        serving(tmp_path) as served,
        served.client(served.token("writer")) as client,
        ThreadPoolExecutor(1) as pool,
    ):
        with held(tmp_path):
            waiting = pool.submit(done, client, "domain_create", {"domain_id": "END", "name": "The end"})
            while "hansard_http_requests_open 2.0" not in client.get("/metrics").text:
                pass
            served.process.terminate()
            with pytest.raises(subprocess.TimeoutExpired):
                served.process.wait(1)
        assert waiting.result(WAIT_SECONDS)["domain_id"] == "END"
        assert served.process.wait(WAIT_SECONDS) == 0
    with Hansard(tmp_path) as hansard_:
        assert [one["domain_id"] for one in hansard_.call("rules_list", {}).domains] == ["END"]


def test_a_caller_who_leaves_harms_nobody(tmp_path: Path) -> None:
    """The connection is cut while the write waits; sent again under its key it is done once, and others never wait."""
    with serving(tmp_path) as served, served.client(served.token("writer")) as client:
        body = json.dumps({"domain_id": "CUT", "name": "Cut"}).encode()
        address = urlsplit(served.url)
        head = f"POST /api/v1/domain_create HTTP/1.1\r\nHost: {address.netloc}\r\n{_bearer(client)}"
        head += f"Idempotency-Key: cut\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        assert address.hostname is not None
        with held(tmp_path):
            for _ in range(20):
                with socket.create_connection((address.hostname, address.port or 0)) as line:
                    line.sendall(head.encode() + body)
            assert client.get("/api/v1/dialogues").status_code == 200
        key = {"Idempotency-Key": "cut"}
        first = done(client, "domain_create", {"domain_id": "CUT", "name": "Cut"}, **key)
        assert done(client, "domain_create", {"domain_id": "CUT", "name": "Cut"}, **key) == first
        events = client.get("/api/v1/journal?stream=calibration:").json()["events"]
        assert [event["operation"] for event in events] == ["domain_create"]
        assert done(client, "verify", {"all": True})["ok"] is True


def test_two_servers_give_one_answer(pair: tuple[Served, Served]) -> None:
    """The same key sent to both at once: one entry, one answer."""
    one, other = pair
    token = one.token("twin")
    with one.client(token) as left, other.client(token) as right, ThreadPoolExecutor(8) as pool:
        done_before = left.get("/api/v1/journal/position").json()["position"]
        for number in range(5):
            request = small_round("alpha", number)
            sent = [
                pool.submit(done, client, "dialogue_round_register", request, **{"Idempotency-Key": f"round-{number}"})
                for client in (left, right, left, right)
            ]
            answers = [future.result(WAIT_SECONDS) for future in sent]
            assert all(answer == answers[0] for answer in answers)
        assert right.get("/api/v1/journal/position").json()["position"] == done_before + 5
        assert done(right, "verify", {"all": True})["ok"] is True


def test_figures_are_counted(served: Served, client: httpx2.Client) -> None:
    """By operation and status, with how long they took; the position is the journal's own."""
    client.get("/api/v1/dialogues/nobodys")
    post(client, "dialogue_list", {})
    told = client.get("/metrics")
    assert told.headers["Content-Type"].startswith("text/plain")
    assert 'hansard_http_requests_total{operation="dialogue_get",status="404"}' in told.text
    assert 'hansard_http_request_seconds_count{operation="dialogue_list"}' in told.text
    position = client.get("/api/v1/journal/position").json()["position"]
    assert f"hansard_journal_position {float(position)}" in told.text
    assert served.url not in told.text


def test_nothing_that_is_secret_is_logged(tmp_path: Path) -> None:
    """Not with --debug either: no token, and nothing that anybody said."""
    with serving(tmp_path, "--debug") as served:
        token = served.token("talker")
        with served.client(token) as client:
            done(client, "dialogue_create", small_dialogue("Utterly private"))
            client.get("/api/v1/dialogues")
            client.get("/api/v1/dialogues", headers={"Authorization": "Bearer hst_guess"})
        assert served.end() == 0
        said = served.log.read_text()
    assert token not in said
    assert "hst_" not in said
    assert "Utterly private" not in said


def test_an_address_that_is_taken_is_told(served: Served, tmp_path: Path) -> None:
    """One clear sentence and the exit code of what is unavailable."""
    port = str(urlsplit(served.url).port)
    refused = hansard("serve", "--home", tmp_path, "--port", port)
    assert (refused.code, refused.out) == (7, "")
    assert f"port {port}" in refused.err
    assert hansard("serve", "--home", tmp_path, "--host", "no.such.host.invalid").code == 7


def test_the_calls_of_the_document_work(tmp_path: Path) -> None:
    """docs/http.md: its lines for the shell run as they stand."""
    if shutil.which("curl") is None:
        absent("there is no curl here")
    blocks = re.findall(r"^```bash\n(.+?)^```", (ROOT / "docs" / "http.md").read_text(encoding="utf-8"), re.M | re.S)
    assert blocks
    with serving(tmp_path) as served:
        variables = environment(TOKEN=served.token("me", "judge"), HANSARD=served.url)
        for block in blocks:
            ran = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", block], env=variables, capture_output=True, text=True, check=False
            )
            assert ran.returncode == 0, ran.stderr
            assert '"which-clay"' in ran.stdout
