"""``[routing]``: what holds when nothing is set, what may be set, and how what cannot be used is refused."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from typing import Any

import pytest

from hansard.kernel.errors import HansardError
from hansard.routing.configuration import Configuration, configured, publish
from hansard.routing.model import Rates
from tests.conftest import ROOT

GPT = {"preset": "openai/gpt-4.1"}


def faults(table: dict[str, Any]) -> list[HansardError]:
    """Every fault of a table that is refused."""
    with pytest.raises(HansardError) as caught:
        configured(table, environ={})
    assert caught.value.kind == "invalid"
    return list(caught.value.errors) or [caught.value]


def test_specifications_ladder_holds_when_nothing_is_set() -> None:
    """With the keys of all there is the specification's ladder: primary, cost-optimised, fast, and a template last."""
    keys = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "DEEPSEEK_API_KEY", "GEMINI_API_KEY")
    made = configured(environ=dict.fromkeys(keys, "x"))
    providers = [[name.partition("/")[0] for name in tier] for tier in made.ladder]
    assert providers == [["openai", "anthropic"], ["deepseek"], ["google"], ["template"]]
    assert {name for tier in made.ladder for name in tier} == set(made.models)
    assert all(model.privacy == "redacted" for model in made.models.values() if model.external)


def test_no_key_leaves_the_template() -> None:
    """Without any key there is only the template, which says that nobody answered."""
    made = configured({}, environ={"OPENAI_API_KEY": ""})
    assert made.ladder == (("template",),)
    assert "not an answer" in str(made.models["template"].options["template"])


def test_file_is_read() -> None:
    """A file's models, ladder, weights and limits are those of the configuration; a preset's values can be set anew."""
    made = configured(
        tomllib.loads(
            """
            ladder = [["gpt"], ["here"], ["sorry"]]
            templates.sorry = "Nobody is there."
            weights = { cost = 0.9 }
            limits = { budget_usd = 0.5, deadline_seconds = 20 }
            privacy = { words = ["Falcon"], kinds_allowed = ["ipv4"] }

            [models.gpt]
            preset = "openai/gpt-4.1"
            capability = 0.9
            rates = { input = 1.0, output = 2.0 }

            [models.here]
            provider = "openai"
            model = "qwen3:8b"
            base_url = "http://127.0.0.1:11434/v1"

            [models.spare]
            preset = "ollama"
            model = "mistral"
            """
        ),
        environ={},
    )
    assert made.ladder == (("gpt",), ("here",), ("sorry",))
    assert made.models["gpt"].rates == Rates(1.0, 2.0)
    assert made.models["gpt"].capability == 0.9
    assert made.models["gpt"].key == "OPENAI_API_KEY"
    assert made.models["gpt"].context_window > 900_000
    assert not made.models["here"].external
    assert made.models["here"].privacy == "raw"
    assert made.models["sorry"].provider == "template"
    assert made.weights.cost == 0.9
    assert made.limits.budget_usd == 0.5
    assert made.privacy.words == ("Falcon",)
    assert made.tier("here") == 2
    assert made.tier("spare") == 4


def test_endpoint_moved_away_is_external() -> None:
    """A local preset with an address elsewhere is external and told redacted texts."""
    made = configured(
        {"models": {"a": {"preset": "ollama", "model": "m", "base_url": "https://ollama.example.org/v1"}}}, environ={}
    )
    assert made.models["a"].external
    assert made.models["a"].privacy == "redacted"


@pytest.mark.parametrize(
    ("table", "field", "near"),
    [
        ({"modles": {}}, "routing.modles", "models"),
        ({"models": {"a": {"preset": "openai/gpt4.1"}}}, "routing.models.a.preset", "openai/gpt-4.1"),
        ({"models": {"a": {"provider": "opnai"}}}, "routing.models.a.provider", "openai"),
        ({"models": {"a": {**GPT, "contxt_window": 4}}}, "routing.models.a.contxt_window", "context_window"),
        ({"models": {"gpt": GPT}, "ladder": [["gtp"]]}, "routing.ladder[0]", "gpt"),
        ({"privacy": {"kinds_allowed": ["emial"]}}, "routing.privacy.kinds_allowed", "email"),
        ({"privacy": {"level": "redact"}}, "routing.privacy.level", "redacted"),
        ({"weights": {"latncy": 1}}, "routing.weights.latncy", "latency"),
    ],
)
def test_slip_is_refused_with_the_nearest_choice(table: dict[str, Any], field: str, near: str) -> None:
    """A name that is not known is refused at its place, with the nearest one that is."""
    (fault,) = faults(table)
    assert fault.code == "routing_setting_invalid"
    assert fault.field == field
    assert fault.suggestion is not None
    assert near in fault.suggestion


@pytest.mark.parametrize(
    ("table", "field"),
    [
        ({"models": {"a": {}}}, "routing.models.a.provider"),
        ({"models": {"a": {"preset": "ollama"}}}, "routing.models.a.model"),
        ({"models": {"a": {"provider": "command"}}}, "routing.models.a.options.command"),
        ({"models": {"a": {**GPT, "max_output_tokens": 2_000_000}}}, "routing.models.a.max_output_tokens"),
        ({"models": {"a": {**GPT, "privacy": "local"}}}, "routing.models.a.privacy"),
        ({"models": {"a": {**GPT, "base_url": "ftp://x"}}}, "routing.models.a.base_url"),
        ({"models": {"a": {**GPT, "base_url": "https://u:p@x.example"}}}, "routing.models.a.base_url"),
        ({"models": {"a": {**GPT, "base_url": "http://x.example"}}}, "routing.models.a.base_url"),
        ({"models": {"a": {**GPT, "base_url": "https://[x"}}}, "routing.models.a.base_url"),
        ({"models": {"a": {**GPT, "timeout_seconds": float("nan")}}}, "routing.models.a.timeout_seconds"),
        ({"models": {"a b": GPT}}, "routing.models.a b"),
        ({"ladder": [[]]}, "routing.ladder[0]"),
        ({"models": {"a": GPT}, "ladder": [["a"], ["a"]]}, "routing.ladder[1]"),
        ({"models": {"a": GPT}, "templates": {"a": "x"}}, "routing.templates.a"),
        ({"limits": {"budget_usd": 0}}, "routing.limits.budget_usd"),
        ({"weights": {"latency": 0, "cost": 0, "capability": 0, "failure": 0}}, "routing.weights"),
        ({"breaker": {"open_seconds": 9, "open_seconds_at_most": 3}}, "routing.breaker.open_seconds_at_most"),
        ({"privacy": {"kinds_allowed": ["password"]}}, "routing.privacy.kinds_allowed"),
    ],
)
def test_what_cannot_be_used_is_refused(table: dict[str, Any], field: str) -> None:
    """What contradicts itself, is incomplete or out of bounds is refused at its place."""
    assert field in [fault.field for fault in faults(table)]


def test_all_faults_are_told_at_once() -> None:
    """A file with several faults is refused with each of them."""
    told = faults({"models": {"a": {}, "b": {"preset": "nothing"}}, "ladder": [["c"]]})
    assert [fault.field for fault in told] == [
        "routing.models.a.provider",
        "routing.models.b.preset",
        "routing.ladder[0]",
    ]


@pytest.mark.parametrize("length", [10, 40])
@pytest.mark.parametrize("place", ["key", "base_url", "options"])
def test_key_in_the_file_is_refused_unseen(place: str, length: int) -> None:
    """A key that stands in the file is refused wherever it stands, and not repeated."""
    key = "sk-" + "aB3d" * length
    value: Any = (
        {"header": [key]} if place == "options" else key if place == "key" else f"https://{key}@api.example.org"
    )
    with pytest.raises(HansardError) as caught:
        configured({"models": {"a": {**GPT, place: value}}}, environ={})
    assert key not in json.dumps(caught.value.as_dict())
    assert key not in str(caught.value)


def test_published_schema_is_up_to_date(tmp_path: Any) -> None:
    """The schema in the documents is the one that the types make, and takes what the types take."""
    publish(tmp_path / "schema.json")
    published = (ROOT / "docs" / "reference" / "routing.schema.json").read_text(encoding="utf-8")
    assert (tmp_path / "schema.json").read_text(encoding="utf-8") == published
    from jsonschema import Draft202012Validator  # type: ignore[import-untyped,unused-ignore]

    schema = json.loads(published)
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    assert validator.is_valid({"models": {"a": GPT}, "ladder": [["a"]], "weights": {"cost": 1}})
    assert not validator.is_valid({"models": {"a": {"provider": "nobody"}}})
    assert not validator.is_valid({"modles": {}})


def test_router_needs_no_pydantic() -> None:
    """What the router is set up with imports neither pydantic nor a library for prices, schemas or keys."""
    heavy = ("pydantic", "genai_prices", "jsonschema", "keyring", "openai", "anthropic", "google.genai")
    code = (
        "import sys, hansard.routing.configuration, hansard.routing.prices, hansard.routing.redaction, "
        "hansard.routing.postprocess, hansard.routing.verifier, hansard.routing.keys\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_default_is_a_configuration() -> None:
    """A configuration of values alone has every default."""
    made = Configuration(models={}, ladder=())
    assert made.retries.same_model == 1
    assert made.limits.budget_usd is None


@pytest.mark.parametrize(
    ("address", "here"),
    [
        ("http://127.0.0.1:1/v1", True),
        ("http://127.9.8.7/v1", True),
        ("http://localhost:1/v1", True),
        ("http://[::1]:1/v1", True),
        ("https://127.0.0.1.attacker.example/v1", False),
        ("https://localhost.attacker.example/v1", False),
        ("https://127.attacker.example/v1", False),
        ("https://10.0.0.1/v1", False),
        ("https://0.0.0.0/v1", False),
    ],
)
def test_only_a_loopback_address_is_here(address: str, here: bool) -> None:
    """A name that begins like one is somebody else's: its model is told redacted texts, and only over https."""
    entry = {"provider": "openai", "model": "m", "base_url": address}
    model = configured({"models": {"m": entry}}, environ={}).models["m"]
    assert (model.external, model.privacy) == (not here, "raw" if here else "redacted")
    if not here:
        plain = address.replace("https", "http")
        assert "unencrypted" in faults({"models": {"m": {**entry, "base_url": plain}}})[0].message
