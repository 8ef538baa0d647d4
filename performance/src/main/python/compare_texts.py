#!/usr/bin/env python3
"""The other side of `./amalgam bench texts`: what transformers writes with models that two programs merged.

Reads one JSON object from standard input:

    {"pairs": [[NAME, FOLDER, FOLDER], ...], "prompts": [text, ...], "tokens": n}

and prints one JSON object a pair, a line each: whether both tokenizers encode every prompt alike, how many prompts the
two models continue by the same n greedy tokens, and where they first differ. Needs torch and transformers.
"""

import json
import sys


def continuations(folder, prompts, count, torch, transformers):
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    encoded = [tokenizer(prompt)["input_ids"] for prompt in prompts]
    written = []
    with torch.inference_mode():
        for tokens in encoded:
            output = model.generate(torch.tensor([tokens]), do_sample=False, max_new_tokens=count,
                                    pad_token_id=tokenizer.eos_token_id)
            written.append(tokenizer.decode(output[0][len(tokens):]))
    return encoded, written


def main():
    request = json.load(sys.stdin)

    import torch
    import transformers
    transformers.logging.set_verbosity_error()

    for name, left, right in request["pairs"]:
        encoded, written = continuations(left, request["prompts"], request["tokens"], torch, transformers)
        other_encoded, other_written = continuations(right, request["prompts"], request["tokens"], torch, transformers)
        differing = [index for index, (ours, theirs) in enumerate(zip(written, other_written)) if ours != theirs]
        answer = {"name": name, "prompts": len(written), "equal": len(written) - len(differing),
                  "distinct": len(set(written)), "encodings": encoded == other_encoded}
        if differing:
            answer["difference"] = [request["prompts"][differing[0]], written[differing[0]], other_written[differing[0]]]
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
