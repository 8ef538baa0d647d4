#!/usr/bin/env python3
"""Remakes the reference models and logits of the inference tests.

Needs, in a virtual environment outside the repository: torch, transformers, safetensors. From the repository's root:

    python evaluation/src/test/python/make_inference_references.py

writes one folder a model to evaluation/src/test/resources/inference/: the files that save_pretrained gives, and
reference.json with a prompt, the float32 logits that transformers computes at some of its positions, and the tokens of a
greedy generation. Weights are random, with a spread that makes logits differ by several units, so that a wrong norm, angle
or window cannot hide.
"""

import json
import pathlib
import shutil

import torch
from transformers import (
    AutoModelForCausalLM,
    Gemma2Config,
    GemmaConfig,
    LlamaConfig,
    MistralConfig,
    Qwen2Config,
    Qwen3Config,
)

TARGET = pathlib.Path(__file__).parent.parent / "resources" / "inference"
PROMPT_TOKENS = 100
GREEDY_TOKENS = 20
POSITIONS = [0, 1, 15, 16, 17, 40, 63, 64, 99]

SMALL = dict(
    vocab_size=128,
    hidden_size=32,
    intermediate_size=56,
    num_hidden_layers=3,
    num_attention_heads=4,
    num_key_value_heads=2,
    max_position_embeddings=256,
    bos_token_id=0,
    eos_token_id=1,
    pad_token_id=2,
)


def rope(**parameters):
    return {"rope_theta": 10000.0, "rope_type": "default", **parameters}


MODELS = {
    # name: (configuration, type of the weights, size of a shard)
    "llama": (LlamaConfig(**SMALL, rope_parameters=rope()), torch.bfloat16, "32KB"),
    "llama-tied-linear": (
        LlamaConfig(**SMALL, head_dim=24, tie_word_embeddings=True,
                    rope_parameters=rope(rope_type="linear", factor=4.0, rope_theta=500000.0)),
        torch.bfloat16, "5GB"),
    "llama3": (
        LlamaConfig(**{**SMALL, "num_key_value_heads": 1},
                    rope_parameters=rope(rope_type="llama3", rope_theta=500000.0, factor=8.0, low_freq_factor=1.0,
                                         high_freq_factor=4.0, original_max_position_embeddings=64)),
        torch.bfloat16, "5GB"),
    "llama-biases-float32": (
        LlamaConfig(**SMALL, attention_bias=True, mlp_bias=True, rope_parameters=rope()), torch.float32, "5GB"),
    "llama-float16": (LlamaConfig(**SMALL, rope_parameters=rope()), torch.float16, "5GB"),
    "mistral": (
        MistralConfig(**SMALL, sliding_window=None, rope_parameters=rope(rope_theta=1000000.0)), torch.bfloat16, "5GB"),
    "mistral-window": (MistralConfig(**SMALL, sliding_window=16, rope_parameters=rope()), torch.bfloat16, "5GB"),
    "qwen2": (Qwen2Config(**SMALL, rope_parameters=rope(rope_theta=1000000.0)), torch.bfloat16, "5GB"),
    "qwen2-window": (
        Qwen2Config(**SMALL, use_sliding_window=True, sliding_window=16, max_window_layers=1, tie_word_embeddings=True,
                    rope_parameters=rope()),
        torch.bfloat16, "5GB"),
    "qwen3": (Qwen3Config(**SMALL, head_dim=16, rope_parameters=rope(rope_theta=1000000.0)), torch.bfloat16, "5GB"),
    "gemma": (GemmaConfig(**SMALL, head_dim=16, rope_parameters=rope()), torch.bfloat16, "5GB"),
    "gemma2": (
        Gemma2Config(**SMALL, head_dim=16, sliding_window=16, query_pre_attn_scalar=20, attn_logit_softcapping=5.0,
                     final_logit_softcapping=4.0, rope_parameters=rope()),
        torch.bfloat16, "5GB"),
}


def randomise(model, generator):
    """Gives every parameter a spread that matters."""
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if "norm" in name:
            centre = 0.0 if "Gemma" in type(model).__name__ else 1.0
            value = centre + 0.3 * noise
        elif parameter.dim() == 1:
            value = 0.3 * noise
        elif "embed_tokens" in name:
            # Gemma multiplies by the root of the hidden size.
            value = noise * (0.2 if "Gemma" in type(model).__name__ else 1.0)
        else:
            value = noise * 1.5 / parameter.shape[1] ** 0.5
        parameter.data.copy_(value)


def main():
    shutil.rmtree(TARGET, ignore_errors=True)
    for index, (name, (config, dtype, shard)) in enumerate(MODELS.items()):
        generator = torch.Generator().manual_seed(1000 + index)
        folder = TARGET / name
        model = AutoModelForCausalLM.from_config(config, dtype=torch.float32, attn_implementation="eager")
        randomise(model, generator)
        model.to(dtype).save_pretrained(folder, max_shard_size=shard)
        (folder / "generation_config.json").unlink(missing_ok=True)
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
        tokens = torch.randint(3, config.vocab_size, (1, PROMPT_TOKENS), generator=generator)
        with torch.no_grad():
            logits = model(tokens).logits[0]
            sequence = tokens
            for _ in range(GREEDY_TOKENS):
                following = model(sequence).logits[0, -1].argmax()
                sequence = torch.cat([sequence, following.view(1, 1)], dim=1)
        reference = {
            "tokens": tokens[0].tolist(),
            "positions": POSITIONS,
            "logits": [[float(f"{value:.7g}") for value in logits[position].tolist()] for position in POSITIONS],
            "greedy": sequence[0, PROMPT_TOKENS:].tolist(),
        }
        (folder / "reference.json").write_text(json.dumps(reference, separators=(",", ":")) + "\n")
        spread = logits[-1].max() - logits[-1].min()
        print(f"{name}: logits spread {spread:.2f}, {sum(f.stat().st_size for f in folder.iterdir())} bytes")


if __name__ == "__main__":
    main()
