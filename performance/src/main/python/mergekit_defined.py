#!/usr/bin/env python3
"""MergeKit with a definition where it has none: the other side of `./amalgam bench agreement`.

Takes the arguments of mergekit-yaml, and before them:

    --stable    sorts keep the order of equal keys, and sums, means, norms and dot products over the elements of a tensor
                accumulate in binary64 and are rounded once; sums over models stay as they are
    --threads N torch computes with so many threads

MergeKit's own sorts are unstable, and its sums depend on the number of threads; what differs between two runs of it that
differ in nothing else is no disagreement of ours. Needs mergekit==0.1.5.
"""

import sys

import torch
from torch.overrides import TorchFunctionMode

REDUCTIONS = {"sum", "mean", "norm", "vector_norm", "linalg_vector_norm", "dot"}
# A sum over fewer elements than this without a dimension is one over models.
FEW = 64


def over_elements(function, arguments, named):
    """Whether a reduction goes over the elements of a tensor: any dimension but the first, which is that of models."""
    tensor = arguments[0]
    if not tensor.is_floating_point() or tensor.dtype == torch.float64:
        return False
    if function == "dot":
        return True
    place = 2 if function.endswith("norm") else 1
    dimension = named.get("dim", arguments[place] if len(arguments) > place else None)
    return tensor.numel() > FEW if dimension is None else dimension not in (0, (0,), [0])


class Definitions(TorchFunctionMode):
    """Replaces what torch leaves open."""

    def __torch_function__(self, function, types, arguments=(), named=None):
        named = dict(named or {})
        name = getattr(function, "__name__", "")
        if name in ("sort", "argsort"):
            return function(*arguments, **named, stable=True)
        if name == "topk":
            return self.topk(*arguments, **named)
        if name in REDUCTIONS and over_elements(name, arguments, named):
            wide = [value.double() if isinstance(value, torch.Tensor) else value for value in arguments]
            return function(*wide, **named).to(arguments[0].dtype)
        return function(*arguments, **named)

    @staticmethod
    def topk(tensor, k, dim=-1, largest=True, sorted=True):
        values, indices = torch.sort(tensor, dim=dim, descending=largest, stable=True)
        return values.narrow(dim, 0, k), indices.narrow(dim, 0, k)


def main():
    arguments = sys.argv[1:]
    stable = False
    while arguments and arguments[0] in ("--stable", "--threads"):
        if arguments.pop(0) == "--stable":
            stable = True
        else:
            torch.set_num_threads(int(arguments.pop(0)))
    from mergekit.merge_methods import slerp
    from mergekit.scripts.run_yaml import main as merge

    sys.argv = ["mergekit-yaml", *arguments]
    if stable:
        slerp._CHUNK_ELEMENTS = 1 << 62  # else norms are rounded chunk by chunk
        with Definitions():
            merge()
    else:
        merge()


if __name__ == "__main__":
    main()
