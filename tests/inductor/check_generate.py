"""Models of transformers, made from a config, saved and loaded: the same tokens as on the CPU."""

from __future__ import annotations

import sys
import tempfile
from typing import Any

import torch

import anyroc.torch

SIZES = {
    "vocab_size": 200,
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
NEW_TOKENS = 24


def models() -> dict[str, Any]:
    """Return models with random weights by name."""
    from transformers import LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM

    torch.manual_seed(0)
    return {
        "Llama": LlamaForCausalLM(LlamaConfig(**SIZES)),
        "Qwen2": Qwen2ForCausalLM(Qwen2Config(**SIZES)),
    }


def main() -> int:
    bad = 0
    prompt = torch.randint(3, 200, (2, 9), generator=torch.Generator().manual_seed(4))
    for name, model in models().items():
        with tempfile.TemporaryDirectory() as folder:
            model.save_pretrained(folder, safe_serialization=True)
            loaded = type(model).from_pretrained(folder).eval()
        wanted = {"max_new_tokens": NEW_TOKENS, "do_sample": False, "min_new_tokens": NEW_TOKENS}
        expected = loaded.generate(prompt, **wanted)
        torch._dynamo.reset()
        anyroc.torch.reset()
        loaded.forward = torch.compile(loaded.forward, backend="anyroc", dynamic=True)
        found = loaded.generate(prompt, **wanted)
        report = anyroc.torch.report()
        launches = sum(row.launches for row in report.kernels)
        fine = torch.equal(expected, found) and launches > NEW_TOKENS
        bad += not fine
        print(report)
        print(
            f"{'ok' if fine else 'FAILED':7}{name} on {anyroc.torch.target()}: {launches} launches"
        )
        print("        " + " ".join(map(str, found[0, 9:].tolist())))
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
