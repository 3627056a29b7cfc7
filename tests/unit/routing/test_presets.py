"""What is known of models and endpoints."""

from __future__ import annotations

import pytest

from hansard.routing import presets


def test_every_preset_is_a_model() -> None:
    """Each known model can be taken as it is, each endpoint with a model's name; answers fit into windows."""
    for name in presets.names():
        model = presets.preset(name, None if name in presets.MODELS else "some-model")
        assert model.name == name
        assert 0 < model.max_output_tokens <= model.context_window
        assert 0 <= model.capability <= 1
        assert model.privacy == ("redacted" if model.external else "raw")
        assert (model.key is None) == (not model.external or model.provider == "command")
        assert presets.tier(name) in {1, 2, 3}


def test_an_endpoint_of_this_machine_takes_any_model_after_a_slash() -> None:
    """``ollama/qwen3:32b`` needs nothing else said, and nothing leaves the machine."""
    model = presets.preset("ollama/qwen3:32b")
    assert (model.model, model.external, model.key) == ("qwen3:32b", False, None)
    assert presets.preset("llama.cpp").model == "default"


def test_a_model_of_an_endpoint_that_is_known_is_known() -> None:
    """Endpoint and model apart are the same as both in one."""
    whole = presets.preset("openai/gpt-4.1")
    assert presets.preset("openai", "gpt-4.1").context_window == whole.context_window
    assert presets.preset("openai/gpt-4.1", "gpt-4.1-2025-04-14").model == "gpt-4.1-2025-04-14"


@pytest.mark.parametrize("name", ["", "nowhere", "openai/gpt-imaginary", "ollama", "nowhere/at-all", "/"])
def test_what_is_no_preset_is_refused(name: str) -> None:
    """An unknown place, an unknown model, and an endpoint without a model."""
    with pytest.raises(LookupError):
        presets.preset(name)


def test_the_ladder_without_settings_is_the_specifications() -> None:
    """With all keys there: GPT-4.1 and Claude Sonnet, then DeepSeek, then Gemini Flash; without one, not its model."""
    keys = dict.fromkeys(["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "DEEPSEEK_API_KEY", "GEMINI_API_KEY"], "x")
    found = {model.name: presets.tier(model.name) for model in presets.available(keys)}
    assert sorted(found.values()) == [1, 1, 2, 3]
    assert found["openai/gpt-4.1"] == 1
    assert [tier for name, tier in found.items() if "claude-sonnet" in name] == [1]
    assert [tier for name, tier in found.items() if "deepseek" in name] == [2]
    assert [tier for name, tier in found.items() if "gemini" in name and "flash" in name] == [3]
    assert [model.name for model in presets.available({"OPENAI_API_KEY": "x", "GEMINI_API_KEY": ""})] == [
        "openai/gpt-4.1"
    ]


def test_windows_agree_with_the_price_table() -> None:
    """Where genai-prices knows a model's window, ours is the same, and it knows each model that we call known."""
    data = pytest.importorskip("genai_prices.data")
    tables = {provider.id: provider for provider in data.providers}
    for name, known in presets.MODELS.items():
        place, _, called = name.partition("/")
        found = next((model for model in tables[place].models if model.id == called), None)
        assert found is not None, f"the price table does not know {name}"
        assert found.context_window in {None, known.context_window}, name
