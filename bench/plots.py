"""The plots of the page."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt

from bench.page import of_limit, ratio

# Okabe and Ito's colours, which stay apart for the colour-blind.
COLOURS = {"anyroc": "#D55E00", "PoCL": "#0072B2", "native C": "#009E73"}


def plots(results: dict, folder: Path) -> None:
    matplotlib.use("svg")
    plt.rcParams.update(
        {
            "svg.hashsalt": "anyroc",
            "svg.fonttype": "none",
            "font.family": "sans-serif",
            "axes.spines.top": False,
            "axes.spines.right": False,
        }
    )
    rows = results["rows"][::-1]
    labels = [row["label"] for row in rows]

    def save(figure, name: str) -> None:
        figure.tight_layout()
        figure.savefig(folder / name, metadata={"Date": None})
        plt.close(figure)

    figure, axes = plt.subplots(figsize=(8, 0.45 * len(rows) + 1.2))
    for offset, side in ((0.19, "anyroc"), (-0.19, "PoCL")):
        values = [ratio(row, side, "native C") or float("nan") for row in rows]
        places = [place + offset for place in range(len(rows))]
        bars = axes.barh(places, values, height=0.36, color=COLOURS[side], label=side)
        axes.bar_label(bars, [f"{value:.2g}" for value in values], padding=3, fontsize=8)
    axes.axvline(1, color=COLOURS["native C"], linewidth=1.5, label="native C")
    axes.set_xscale("log")
    axes.margins(x=0.12)
    axes.set_yticks(range(len(rows)), labels)
    axes.set_xlabel("CPU time, one thread, as a multiple of native C (less is better)")
    axes.legend(loc="lower right", frameon=False)
    save(figure, "relative.svg")

    figure, axes = plt.subplots(figsize=(8, 0.45 * len(rows) + 1.2))
    for offset, side in ((0.25, "native C"), (0, "anyroc"), (-0.25, "PoCL")):
        values = [100 * (of_limit(row, side) or float("nan")) for row in rows]
        places = [place + offset for place in range(len(rows))]
        axes.barh(places, values, height=0.24, color=COLOURS[side], label=side)
    axes.axvline(100, color="black", linewidth=1)
    axes.set_yticks(range(len(rows)), labels)
    axes.set_xlabel("% of what the machine could do at most, one thread (more is better)")
    axes.legend(loc="lower right", frameon=False)
    save(figure, "limit.svg")
