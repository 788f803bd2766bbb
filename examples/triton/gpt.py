"""Train a small GPT on text made on the spot, compiled for a software GPU; draw the loss curves.

    python examples/triton/gpt.py [STEPS] [GPU]

Writes gpt-loss.svg: the curve of the software GPU over that of eager PyTorch on the CPU.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "tests" / "inductor"))

import models

import anyroc.torch

WIDTH, HEIGHT, EDGE = 640, 360, 40


def curve(losses: Sequence[float], top: float, colour: str, width: float) -> str:
    """Return an SVG line of some losses, 0 at the bottom."""
    step = (WIDTH - 2 * EDGE) / max(len(losses) - 1, 1)
    points = " ".join(
        f"{EDGE + index * step:.1f},{HEIGHT - EDGE - loss / top * (HEIGHT - 2 * EDGE):.1f}"
        for index, loss in enumerate(losses)
    )
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{width}"/>'


def main() -> None:
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    gpu = sys.argv[2] if len(sys.argv) > 2 else anyroc.torch.target()
    shape = models.Shape(layers=4, width=128, heads=4)
    plain, _ = models.train(shape, steps)
    with anyroc.torch.use(gpu):
        found, _ = models.train(shape, steps, backend="anyroc")
    print(anyroc.torch.report())
    for step in range(0, steps, max(steps // 10, 1)):
        print(f"step {step:4}  loss {found[step]:.4f} on {gpu}, {plain[step]:.4f} eager")
    top = max(plain + found)
    text = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="sans-serif" font-size="14"><rect width="100%" height="100%" fill="white"/>'
        + curve(plain, top, "#bbb", 6)
        + curve(found, top, "#c33", 2)
        + f'<text x="{WIDTH - 220}" y="40" fill="#999">eager PyTorch on the CPU</text>'
        + f'<text x="{WIDTH - 220}" y="60" fill="#c33">compiled, on {gpu}</text>'
        + f'<text x="{EDGE}" y="{HEIGHT - 12}">{steps} steps, loss from {found[0]:.2f} to '
        + f"{found[-1]:.2f}</text></svg>\n"
    )
    Path("gpt-loss.svg").write_text(text, encoding="utf-8")
    print("gpt-loss.svg written")


if __name__ == "__main__":
    main()
