#!/usr/bin/env python3
"""The other side of `./amalgam bench inference`: transformers and lm-evaluation-harness in a process of their own.

Reads one JSON object a line from standard input and answers with one line on standard output:

    {"operation": "open", "model": FOLDER, "dtype": "float32", "threads": 2}   -> {"seconds": s}
        (dtype "float32+onednn": linear layers by oneDNN)
    {"operation": "prefill", "texts": [text, ...]}                             -> {"seconds": s, "tokens": n}
    {"operation": "loglikelihood", "requests": [[context, continuation], ...]} -> {"seconds": s, "results": [[ll, greedy], ...]}
    {"operation": "generate", "requests": [[context, [stop, ...], tokens], ...]} -> {"seconds": s, "results": [text, ...]}

Every answer has "processor" too: the processor time of all threads, in seconds.

Prefill is one forward pass a sequence with logits at the last position only, as scoring one continuation token needs it.
Needs torch, transformers and lm_eval==0.4.13.

torch multiplies float32 matrices by MKL, which on AMD's processors leaves AVX-512 alone. oneDNN, which torch has too but
uses for lower precisions, does not; with it, linear layers run as fast as torch can make them.
"""

import json
import os
import sys
import time


def multiply_by_onednn(model):
    import torch

    def forward(layer):
        return lambda x: torch.ops.mkldnn._linear_pointwise(x, layer.weight, layer.bias, "none", [], "")

    for layer in model.modules():
        if isinstance(layer, torch.nn.Linear):
            layer.forward = forward(layer)


def main():
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what libraries print must not come between the answers

    import torch
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM

    harness = None
    for line in sys.stdin:
        request = json.loads(line)
        operation = request["operation"]
        answer = {}
        start = time.perf_counter()
        processor = time.process_time()
        if operation == "open":
            torch.set_num_threads(request["threads"])
            dtype, _, library = request["dtype"].partition("+")
            harness = HFLM(pretrained=request["model"], dtype=dtype, device="cpu",
                           batch_size=request.get("batch_size", 1))
            if library == "onednn":
                multiply_by_onednn(harness.model)
        elif operation == "prefill":
            sequences = [harness.tok_encode(text) for text in request["texts"]]
            with torch.inference_mode():
                for tokens in sequences:
                    harness.model(torch.tensor([tokens]), logits_to_keep=1)
            answer["tokens"] = sum(map(len, sequences))
        elif operation == "loglikelihood":
            instances = [Instance("loglikelihood", {}, tuple(pair), index)
                         for index, pair in enumerate(request["requests"])]
            answer["results"] = harness.loglikelihood(instances, disable_tqdm=True)
        elif operation == "generate":
            instances = [Instance("generate_until", {},
                                  (context, {"until": stops, "max_gen_toks": tokens, "do_sample": False}), index)
                         for index, (context, stops, tokens) in enumerate(request["requests"])]
            answer["results"] = harness.generate_until(instances, disable_tqdm=True)
        else:
            sys.exit(f"unknown operation {operation}")
        answer["seconds"] = time.perf_counter() - start
        answer["processor"] = time.process_time() - processor
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
