"""Pictures of measurements."""

from __future__ import annotations

from pathlib import Path

from embeddings.errors import ExtraMissing
from embeddings.graph.calibration import Reliability


def reliability(
    file: str | Path, parts: dict[str, Reliability], *, title: str = "Probabilities of missing facts"
) -> None:
    """Draw observed against predicted probability, and how many candidates each class has, into a PNG or SVG file.

    Args:
        file: its ending says the format.
        parts: what is compared, by name: all candidates, the ten best, …
        title: above the picture.

    Raises:
        ExtraMissing: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ExtraMissing(str(error.name), "Drawing a reliability plot", "maps") from error
    figure = Figure(figsize=(6, 7), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    upper.plot([0, 1], [0, 1], color="0.6", linestyle="--", linewidth=1, label="as predicted")
    for (name, part), marker, colour in zip(
        parts.items(), "os^D", ("#0b5394", "#b45f06", "#38761d", "#741b47"), strict=False
    ):
        used = [i for i, count in enumerate(part.count) if count]
        label = f"{name}: expected calibration error {part.error:.4f}"
        predicted, observed = ([values[i] for i in used] for values in (part.predicted, part.observed))
        upper.plot(predicted, observed, marker=marker, color=colour, label=label)
        lower.plot(predicted, [part.count[i] for i in used], marker=marker, color=colour)
    upper.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), ylabel="share that were missing facts", title=title)
    upper.legend(loc="upper left", frameon=False)
    lower.set(yscale="log", xlabel="predicted probability", ylabel="candidates")
    for axes in (upper, lower):
        axes.grid(color="0.9")
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(file, dpi=150)
