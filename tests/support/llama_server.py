"""A real OpenAI-compatible server of somebody else's making: llama.cpp's own, over a model that is made here.

It comes in the wheel of ``xllamacpp``; the model is written with ``gguf`` (llama.cpp's writer of its format). The model
is a llama of one layer with random weights and an alphabet of single bytes: it says nonsense, at once, in 100 kB. What
counts is the server: its format, its counts, its streams, its errors, and its grammar, which holds even nonsense to a
schema.

``python tests/support/llama_server.py MODEL.gguf`` prints ``{"url": …}`` and serves until it is ended.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CONTEXT = 512
"""Tokens of its window."""

WIDTH, HEADS, HIDDEN = 64, 2, 64

TEMPLATE = (
    "{% for message in messages %}<{{ message['role'] }}>{{ message['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)


def missing() -> str | None:
    """What is not installed here, if anything."""
    absent = [name for name in ("xllamacpp", "gguf") if importlib.util.find_spec(name) is None]
    return ", ".join(absent) or None


def write_model(path: Path) -> None:
    """A model that is no use but as a model."""
    gguf: Any = importlib.import_module("gguf")
    import numpy

    random = numpy.random.default_rng(51)
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_name("tiny")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    kinds = gguf.TokenType
    tokens = [b"<unk>", b"<s>", b"</s>", *(f"<0x{byte:02X}>".encode() for byte in range(256))]
    types = [kinds.UNKNOWN, kinds.CONTROL, kinds.CONTROL, *[kinds.BYTE] * 256]
    letters = [chr(code).encode() for code in range(33, 127)]
    tokens += [*letters, "▁".encode()]
    types += [kinds.NORMAL] * (len(letters) + 1)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_token_types(types)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_chat_template(TEMPLATE)

    def weights(name: str, *shape: int) -> None:
        writer.add_tensor(name, random.normal(0, 0.05, shape).astype(numpy.float32))

    weights("token_embd.weight", len(tokens), WIDTH)
    weights("output.weight", len(tokens), WIDTH)
    for name in ("output_norm.weight", "blk.0.attn_norm.weight", "blk.0.ffn_norm.weight"):
        writer.add_tensor(name, numpy.ones(WIDTH, dtype=numpy.float32))
    for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
        weights(f"blk.0.{name}.weight", WIDTH, WIDTH)
    weights("blk.0.ffn_gate.weight", HIDDEN, WIDTH)
    weights("blk.0.ffn_up.weight", HIDDEN, WIDTH)
    weights("blk.0.ffn_down.weight", WIDTH, HIDDEN)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The server in a process of its own; gives its base URL, ends with the block."""
    model, log = folder / "tiny.gguf", folder / "server.log"
    write_model(model)
    with log.open("w") as told:
        process = subprocess.Popen(
            [sys.executable, str(Path(__file__).resolve()), str(model)],
            stdout=subprocess.PIPE,
            stderr=told,
            text=True,
        )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith('{"url"'):
                break
        else:
            raise AssertionError(f"it ended with {process.wait()}: {log.read_text()[-2000:]}")
        yield f"{json.loads(line)['url']}/v1"
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def main() -> None:
    """Serve until ended."""
    xllamacpp: Any = importlib.import_module("xllamacpp")
    params = xllamacpp.CommonParams()
    params.model.path = sys.argv[1]
    params.n_ctx = CONTEXT
    params.n_parallel = 1
    params.cpuparams.n_threads = 1
    params.warmup = False
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    server = xllamacpp.Server(params)
    print(json.dumps({"url": server.listening_address}), flush=True)
    while True:
        time.sleep(3600)


if __name__ == "__main__":
    main()
