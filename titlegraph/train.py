"""The graph of a workspace trained by several processes, on one machine or many that see the same file system:

    torchrun --nproc-per-node 2 -m titlegraph.train my-workspace
    torchrun --nnodes 4 --rdzv-backend c10d --rdzv-endpoint HOST:29500 -m titlegraph.train /shared/my-workspace
    titlegraph refresh my-workspace          # goes on from there: the graph is trained

The first process takes in the sources and writes; the others help it to train.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path

import torch
import torch.distributed as dist

from embeddings.graph.distributed import joined, world
from kg.knowledge_graph import KnowledgeGraph
from titlegraph.log import log
from titlegraph.refresh import Began, begin, build_of
from titlegraph.refresh_parts import only_one


def train(path: Path) -> None:
    """Do the graph's stage of a refresh; to be called in every process that torchrun starts, or in one alone.

    Raises what :func:`titlegraph.refresh.refresh` raises up to that stage; a process that fails ends the others.
    """
    with joined() as rank:
        if rank:
            if (heard := json.loads(_said("null"))) is not None:
                build = build_of(path, Began(**heard | {"suspects": tuple(heard["suspects"])}))
                build.read()
                build.help_train()
            return
        with only_one(path):
            began = begin(path)
            _said(json.dumps(None if began.outcome is not None else dataclasses.asdict(began)))
            if began.outcome is None:
                build = build_of(path, began)
                build.read()
                log("trained", processes=world()[1], model=str(build.graph()))


def _said(text: str) -> str:
    """What the first process says to all."""
    if world()[1] == 1:
        return text
    device = torch.device("cuda") if dist.get_backend() == "nccl" else torch.device("cpu")
    length = torch.tensor([len(text.encode())], device=device)
    dist.broadcast(length, 0)
    said = torch.zeros(int(length), dtype=torch.uint8, device=device)
    if not world()[0]:
        said = torch.frombuffer(bytearray(text.encode()), dtype=torch.uint8).to(device)
    dist.broadcast(said, 0)
    return bytes(said.cpu().numpy()).decode()


if __name__ == "__main__":
    train(KnowledgeGraph.open(sys.argv[1]).workspace.path)
