#!/usr/bin/env python3
"""The other side of `./amalgam bench inference`: transformers and lm-evaluation-harness in a process of their own.

Reads one JSON object a line from standard input and answers with one line on standard output:

    {"operation": "open", "model": FOLDER, "dtype": "float32", "threads": 2}   -> {"seconds": s}
    {"operation": "prefill", "texts": [text, ...]}                             -> {"seconds": s, "tokens": n}
    {"operation": "loglikelihood", "requests": [[context, continuation], ...]} -> {"seconds": s, "results": [[ll, greedy], ...]}
    {"operation": "generate", "requests": [[context, [stop, ...], tokens], ...]} -> {"seconds": s, "results": [text, ...]}

Every answer has "processor" too: the processor time of all threads, in seconds.

Prefill is one forward pass a sequence with logits at the last position only, as scoring one continuation token needs it.
Needs torch, transformers and lm_eval==0.4.13.
"""

import json
import os
import sys
import time


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
            harness = HFLM(pretrained=request["model"], dtype=request["dtype"], device="cpu",
                           batch_size=request.get("batch_size", 1))
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
