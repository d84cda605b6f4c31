"""Adaptations: films of one book near each other, books near their films. See :mod:`benchmarks.who_watches_too`.

python -m benchmarks.adaptations WORKSPACE [--epochs 8] [--negatives 512]
"""

from __future__ import annotations

from benchmarks.who_watches_too import main

if __name__ == "__main__":
    main("adaptations")
