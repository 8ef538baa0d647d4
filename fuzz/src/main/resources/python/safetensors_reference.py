"""Reads safetensors files with the reference implementation, for a comparison with another reader.

On standard input: files, each behind its length as four bytes, the greatest first. On standard output: a line of JSON a
file, either {"tensors": [[name, dtype, shape, SHA-256 of the data], ...]} or {"error": "..."}.
"""

import hashlib
import json
import struct
import sys

from safetensors import deserialize

while True:
    length = sys.stdin.buffer.read(4)
    if len(length) < 4:
        break
    content = sys.stdin.buffer.read(struct.unpack(">I", length)[0])
    try:
        answer = {
            "tensors": [
                [name, tensor["dtype"], list(tensor["shape"]), hashlib.sha256(bytes(tensor["data"])).hexdigest()]
                for name, tensor in deserialize(content)
            ]
        }
    except BaseException as refusal:  # The binding raises its own kinds, and PanicException is no Exception.
        if isinstance(refusal, KeyboardInterrupt):
            raise
        answer = {"error": str(refusal)[:300]}
    print(json.dumps(answer), flush=False)
    sys.stdout.flush()
