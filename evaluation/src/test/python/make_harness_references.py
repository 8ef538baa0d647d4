#!/usr/bin/env python3
"""Remakes harness.json: what lm-evaluation-harness itself answers for a sample model.

Needs, in a virtual environment outside the repository: torch, transformers, lm_eval==0.4.13. From the repository's root:

    python evaluation/src/test/python/make_harness_references.py

The requests are chosen for their token semantics (blanks at the seam, Unicode whitespace, empty contexts, special tokens
in the text, truncation), not for their sense.
"""

import json
import pathlib
import shutil
import tempfile

from lm_eval.api.instance import Instance
from lm_eval.models.huggingface import HFLM

ROOT = pathlib.Path(__file__).parents[4]
MODEL = ROOT / "samples" / "models" / "base"
TARGET = pathlib.Path(__file__).parent.parent / "resources" / "inference" / "harness.json"

QUESTION = "Q: I have three flutes, two peachs, a table and two oranges. How many objects do I have?\nA:"
PAIRS = [
    (QUESTION, " 8"),
    (QUESTION, " 10"),
    (QUESTION + " ", "8"),
    (QUESTION + " ", " 8"),
    (QUESTION + "\n\n", "8"),
    (QUESTION + "\u00a0", "8"),
    (QUESTION + " \u2003\u3000", "8"),
    (QUESTION + "\x1c\x85", "8"),
    (QUESTION + "\u200b", "8"),
    (QUESTION + "\ufeff", " 8"),
    ("", " 8"),
    ("", "Q: True and"),
    ("", "<|begin_of_text|>Q: True"),
    ("<|begin_of_text|>" + QUESTION, " 8"),
    ("<|end_of_text|>" + QUESTION, " 8"),
    (QUESTION, " 8<|end_of_text|>"),
    (QUESTION, "<|eot|> 8"),
    ("Q: not True or False is", " True"),
    ("Q: not True or False is\nA:", " True"),
    ("Q: not True or Fal", "se is\nA: True"),
    ("naïve café 日本", "語 🎉 done"),
    ("😀", "😀"),
    ("I'", "ve 12345678 times"),
    ("a", "b"),
    (" x", " "),
    (QUESTION + " 3\n\n" + QUESTION, " 8 and that is all there is to say about it"),
]
LONG = "Q: I have a chair and a drum. How many objects do I have?\nA: 2\n\n" * 6 + QUESTION
GENERATIONS = [
    (QUESTION, ["\n"], 12),
    (QUESTION, [], 24),
    (QUESTION, ["Q:", "\n\n"], 40),
    (QUESTION, ["object"], 40),
    ("Q: not True or False is\nA:", ["zzz"], 30),
    ("Q: not True or False is\nA:", ["e", "Q"], 30),
    ("<|begin_of_text|>Q: If you follow these instructions, do you return to the starting point?", ["\n"], 60),
    ("naïve café 日本", ["\n\n", "Q:"], 30),
    (LONG, ["\n\n"], 20),
]


def loglikelihood(model, pairs):
    requests = [Instance("loglikelihood", {}, pair, index) for index, pair in enumerate(pairs)]
    return [[context, continuation, value, greedy]
            for (context, continuation), (value, greedy) in zip(pairs, model.loglikelihood(requests, disable_tqdm=True))]


def generate(model, generations):
    requests = [
        Instance("generate_until", {}, (context, {"until": list(until), "max_gen_toks": limit, "do_sample": False}), index)
        for index, (context, until, limit) in enumerate(generations)
    ]
    texts = model.generate_until(requests, disable_tqdm=True)
    return [[context, until, limit, text] for (context, until, limit), text in zip(generations, texts)]


def harness(folder, **options):
    return HFLM(pretrained=str(folder), dtype="float32", device="cpu", batch_size=1, **options)


def main():
    whole = harness(MODEL)
    short = harness(MODEL, max_length=64)
    references = {
        "loglikelihood": loglikelihood(whole, PAIRS),
        "generate_until": generate(whole, GENERATIONS),
        "truncated_length": 64,
        "truncated_loglikelihood": loglikelihood(short, [(LONG, " 8"), (LONG, " 8 and that is all"), (QUESTION, " 8")]),
        "truncated_generate_until": generate(short, GENERATIONS),
        "repetition_penalty": 1.3,
    }
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary) / "model"
        shutil.copytree(MODEL, folder)
        settings = folder / "generation_config.json"
        settings.write_text(json.dumps({**json.loads(settings.read_text()), "repetition_penalty": 1.3}))
        references["penalised_generate_until"] = generate(harness(folder), GENERATIONS)
    TARGET.write_text(json.dumps(references, indent=1, ensure_ascii=True) + "\n")


if __name__ == "__main__":
    main()
