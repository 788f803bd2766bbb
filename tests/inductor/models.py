"""The models that the checks and examples train: a small GPT, and text made on the spot."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as fn


@dataclass(frozen=True)
class Shape:
    """The size of a GPT."""

    layers: int = 6
    width: int = 384
    heads: int = 6
    context: int = 64
    vocabulary: int = 64


class Block(nn.Module):
    """Attention and a two-layer network, each behind a norm and added to what came in."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.norm1 = nn.LayerNorm(shape.width)
        self.attention = nn.Linear(shape.width, 3 * shape.width)
        self.output = nn.Linear(shape.width, shape.width)
        self.norm2 = nn.LayerNorm(shape.width)
        self.wide = nn.Linear(shape.width, 4 * shape.width)
        self.narrow = nn.Linear(4 * shape.width, shape.width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, length, width = x.shape
        parts = self.attention(self.norm1(x)).view(batch, length, 3, self.heads, -1)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        scores = query @ key.transpose(-1, -2) * (width // self.heads) ** -0.5
        mask = torch.ones(length, length, dtype=torch.bool, device=x.device).tril()
        weights = torch.softmax(scores.masked_fill(~mask, float("-inf")), -1)
        mixed = (weights @ value).transpose(1, 2).reshape(batch, length, width)
        x = x + self.output(mixed)
        return x + self.narrow(fn.gelu(self.wide(self.norm2(x))))


class Gpt(nn.Module):
    """A decoder over characters; called with what to predict it returns the loss."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.tokens = nn.Embedding(shape.vocabulary, shape.width)
        self.places = nn.Embedding(shape.context, shape.width)
        self.blocks = nn.Sequential(*(Block(shape) for _ in range(shape.layers)))
        self.norm = nn.LayerNorm(shape.width)
        self.head = nn.Linear(shape.width, shape.vocabulary, bias=False)

    def forward(self, tokens: torch.Tensor, goals: torch.Tensor) -> torch.Tensor:
        places = torch.arange(tokens.shape[1], device=tokens.device)
        x = self.blocks(self.tokens(tokens) + self.places(places))
        logits = self.head(self.norm(x))
        return fn.cross_entropy(logits.flatten(0, 1), goals.flatten())


SENTENCE = "the wave adds lanes while memory waits and every kernel asks for one more word"
WORDS = SENTENCE.split()


def text(length: int) -> torch.Tensor:
    """Return sentences of a small grammar as character numbers below 64."""
    generator = torch.Generator().manual_seed(11)
    letters = ""
    while len(letters) < length:
        picks = torch.randint(len(WORDS), (5,), generator=generator).tolist()
        letters += " ".join(WORDS[pick] for pick in picks) + ". "
    return torch.tensor([ord(letter) % 64 for letter in letters[:length]])


def batches(count: int, size: int, context: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Return (characters, the ones that follow) for each step."""
    data = text(20_000)
    generator = torch.Generator().manual_seed(12)
    made = []
    for _ in range(count):
        starts = torch.randint(len(data) - context - 1, (size,), generator=generator).tolist()
        rows = torch.stack([data[start : start + context + 1] for start in starts])
        made.append((rows[:, :-1].contiguous(), rows[:, 1:].contiguous()))
    return made


def train(
    shape: Shape, steps: int, *, backend: str | None = None, size: int = 4
) -> tuple[list[float], list[float]]:
    """Train for some steps; return the loss and the seconds of each.

    With a backend forward, backward and the optimiser's step are compiled by it.
    """
    import time

    torch.manual_seed(0)
    model = Gpt(shape)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
    call, step = model, optimiser.step
    if backend is not None:
        torch._dynamo.reset()
        call = torch.compile(model, backend=backend)
        step = torch.compile(optimiser.step, backend=backend)
    losses, seconds = [], []
    for tokens, goals in batches(steps, size, shape.context):
        begun = time.perf_counter()
        optimiser.zero_grad(set_to_none=True)
        loss = call(tokens, goals)
        loss.backward()
        step()
        losses.append(loss.item())
        seconds.append(time.perf_counter() - begun)
    return losses, seconds
