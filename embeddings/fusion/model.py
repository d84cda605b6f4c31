"""The fused view as arrays: weights, what foresees a missing part, and the axes. NumPy alone, for titles and drafts.

part p          centred on its mean, of length 1
missing         what the parts that are there lead one to expect, by the parts' joint covariance (ridge)
co-viewing      what the content leads one to expect; observed viewings draw it to themselves the more, the more
                viewers there were (as in collaborative topic regression; Wang and Blei, 2011)
fused           the parts side by side, part p times √(weight of p), in their principal axes; the name beside them
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.errors import UnknownSetting
from embeddings.views import BoolArray, FloatArray, unit

#: Observed co-viewing counts as much as what content leads one to expect when a title has so many likes.
LIKES = 100.0
#: The part that content foresees.
VIEWINGS = "viewings"
_KEPT = 128  # ways to foresee parts: some MiB each
_FEW = 8  # of them: they are found before scipy is imported


@dataclass(frozen=True, kw_only=True, eq=False)
class Fusion:
    """How parts become one vector.

    Attributes:
        weights: by part, in the order in which parts are put side by side; the parts' shares of a cosine.
        means: by part, float32 [d].
        covariance: float32 [D, D] of the content parts side by side, D the sum of their dimensions.
        foresee: float32 [D, v]: from filled content parts to co-viewing; v is 0 where there were no viewings.
        axes: float32 [D + v, k]: principal axes of the weighted parts without those that are `beside`.
        beside: parts that stand beside the axes, because they have no few directions in which they vary.
        learnt: in words, where the weights come from.
        naming: how the names were made vectors, :data:`embeddings.fusion.bags.NAMING` of that time.
        foreseen: ways to foresee parts from others, kept for the next title that lacks the same; they go with the
            covariance.
    """

    weights: Mapping[str, float]
    means: Mapping[str, FloatArray]
    covariance: FloatArray
    foresee: FloatArray
    axes: FloatArray
    beside: Sequence[str] = ()
    learnt: str = ""
    naming: str = ""
    foreseen: dict[tuple[int, ...], FloatArray] = field(default_factory=dict, repr=False)

    @property
    def content(self) -> list[str]:
        """Names of the parts that can be told without viewers, in order."""
        return [name for name in self.weights if name != VIEWINGS]

    def fuse(
        self,
        parts: Mapping[str, FloatArray],
        present: Mapping[str, BoolArray] | None = None,
        *,
        likes: FloatArray | None = None,
        fill: bool = True,
    ) -> FloatArray:
        """Vectors [n, k] of length 1; zeros for titles that have no part.

        Args:
            parts: vectors [n, d] by part; a part may be left out. "viewings" are observed co-viewing vectors.
            present: by part, who has it, bool [n]; default: whose row is not zero.
            likes: how many likes each title's co-viewing vector rests on, [n].
            fill: False leaves missing parts at zero (to measure what filling does).

        Raises:
            UnknownSetting: a part is none of the fusion's, or has another dimension.
        """
        own = self.filled(parts, present, likes=likes, fill=fill)
        return self.projected(own)

    def filled(
        self,
        parts: Mapping[str, FloatArray],
        present: Mapping[str, BoolArray] | None = None,
        *,
        likes: FloatArray | None = None,
        fill: bool = True,
    ) -> dict[str, FloatArray]:
        """The parts [n, d] by name, centred and of length 1, missing ones foreseen; what `fuse` puts side by side."""
        own = self.told(parts, present, fill=fill)
        seen = parts.get(VIEWINGS)
        return self.with_viewings(own, seen, None if present is None else present.get(VIEWINGS), likes=likes)

    def told(
        self, parts: Mapping[str, FloatArray], present: Mapping[str, BoolArray] | None = None, *, fill: bool = True
    ) -> dict[str, FloatArray]:
        """Of :meth:`filled`, the parts that can be told without viewers; zeros for titles that have none of them."""
        if unknown := [name for name in parts if name not in self.weights]:
            raise UnknownSetting(f"The fusion has no part {unknown[0]!r}; it has {', '.join(self.weights)}.")
        if not parts:
            raise UnknownSetting(f"Nothing to fuse; give one of {', '.join(self.weights)}.")
        n = len(next(iter(parts.values())))
        own, there = {}, np.zeros((n, len(self.content)), dtype=bool)
        for i, name in enumerate(self.content):
            mean = self.means[name]
            own[name] = np.zeros((n, len(mean)), dtype=np.float32)
            if name not in parts:
                continue
            if parts[name].shape[1] != len(mean):
                raise UnknownSetting(f"Part {name!r} has {parts[name].shape[1]} dimensions instead of {len(mean)}.")
            there[:, i] = parts[name].any(axis=1) if present is None or name not in present else present[name]
            own[name][there[:, i]] = unit(parts[name][there[:, i]] - mean)
        if fill:
            self._expect(own, there)
        return own

    def with_viewings(
        self,
        told: Mapping[str, FloatArray],
        observed: FloatArray | None,
        present: BoolArray | None = None,
        *,
        likes: FloatArray | None = None,
    ) -> dict[str, FloatArray]:
        """What was `told` [n, d] by part and, where the fusion has it, co-viewing: foreseen, and as far as `likes` [n]
        support it as it was `observed` [n, v] (`present`, bool [n], says of whom; default: whose row is not zero)."""
        if not self.foresee.shape[1]:
            return dict(told)
        content = np.concatenate([np.sqrt(np.float32(self.weights[p])) * told[p] for p in self.content], axis=1)
        expected = unit(content @ self.foresee)
        if observed is not None:
            there = observed.any(axis=1) if present is None else present
            count = np.full(len(observed), LIKES) if likes is None else likes
            share = np.where(there, count / (count + LIKES), 0).astype(np.float32)[:, None]
            expected = unit(expected + share * (unit(observed) - expected))
        return {**told, VIEWINGS: expected}

    def projected(self, own: Mapping[str, FloatArray]) -> FloatArray:
        """Fused vectors [n, k] of filled parts."""
        inner = [np.sqrt(np.float32(self.weights[p])) * own[p] for p in self.weights if p not in self.beside]
        outer = [np.sqrt(np.float32(self.weights[p])) * own[p] for p in self.beside]
        return unit(np.concatenate([np.concatenate(inner, axis=1) @ self.axes, *outer], axis=1))

    def to_graph(
        self, parts: Mapping[str, FloatArray], present: Mapping[str, BoolArray] | None = None, *, name: str = "graph"
    ) -> FloatArray:
        """Where content alone would put titles in the space of the part `name`: unit vectors [n, d], not centred.

        For drafts without facts: they land among their likes. Rows of zeros where nothing is known.
        """
        rest = {part: vectors for part, vectors in parts.items() if part not in (name, VIEWINGS)}
        own = self.filled(rest, present)[name]
        return unit(np.where(own.any(axis=1, keepdims=True), unit(own) * self._spread(name) + self.means[name], 0))

    def _spread(self, name: str) -> np.float32:
        """Typical distance of a unit vector of the part from its mean: √(1 − ‖mean‖²)."""
        return np.float32(np.sqrt(max(1e-6, 1 - float(self.means[name] @ self.means[name]))))

    def _slices(self) -> list[slice]:
        ends = np.cumsum([0, *(len(self.means[name]) for name in self.content)])
        return [slice(int(a), int(b)) for a, b in pairwise(ends)]

    def _expect(self, own: dict[str, FloatArray], there: BoolArray) -> None:
        """Fill the missing content parts in place, one pattern of what is there after the other."""
        patterns = np.unique(there, axis=0)
        solve = _fast_solver() if len(patterns) > _FEW else np.linalg.solve
        for pattern in patterns:
            have, lack = np.flatnonzero(pattern).tolist(), np.flatnonzero(~pattern).tolist()
            if not have or not lack:
                continue
            rows = np.flatnonzero((there == pattern).all(axis=1))
            x = np.concatenate([own[self.content[p]][rows] for p in have], axis=1)
            found = x @ self._foreseeing(tuple(have), solve)
            ends = np.cumsum([len(self.means[self.content[p]]) for p in lack])
            for p, part in zip(lack, np.split(found, ends[:-1], axis=1), strict=True):
                own[self.content[p]][rows] = part

    def _foreseeing(self, have: tuple[int, ...], solve: Callable[[FloatArray, FloatArray], Any]) -> FloatArray:
        """From the content parts that are there to all others, side by side; kept, for the next one lacks the same."""
        if have not in self.foreseen:
            slices = self._slices()
            inside = np.zeros(len(self.covariance), dtype=bool)
            for p in have:
                inside[slices[p]] = True
            gram = self.covariance[np.ix_(inside, inside)]
            gram[np.diag_indices_from(gram)] += max(float(np.trace(gram)) / len(gram), 1e-9)
            if len(self.foreseen) >= _KEPT:
                self.foreseen.clear()
            self.foreseen[have] = np.asarray(solve(gram, self.covariance[np.ix_(inside, ~inside)]))
        return self.foreseen[have]

    # -- on disk

    def save(self, folder: Path) -> None:
        """Write fusion.json and fusion.safetensors into `folder`, which is made."""
        from safetensors.numpy import save_file

        folder.mkdir(parents=True, exist_ok=True)
        arrays = {"covariance": self.covariance, "foresee": self.foresee, "axes": self.axes}
        arrays |= {f"mean.{name}": mean for name, mean in self.means.items()}
        save_file({name: np.ascontiguousarray(a) for name, a in arrays.items()}, folder / "fusion.safetensors")
        about: dict[str, Any] = {"weights": list(self.weights.items()), "beside": list(self.beside)}
        about |= {"learnt": self.learnt, "naming": self.naming, "similarity": "cosine"}
        (folder / "fusion.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Fusion:
        """What `save` wrote. Raises :class:`UnknownSetting` where the folder holds no fusion."""
        from safetensors.numpy import load_file

        try:
            about = json.loads((folder / "fusion.json").read_text(encoding="utf-8"))
            arrays = load_file(folder / "fusion.safetensors")
        except (OSError, ValueError) as error:
            raise UnknownSetting(
                f"{folder} holds no fusion ({error}): make a new release with `titlegraph refresh`."
            ) from error
        return cls(
            weights=dict(about["weights"]),
            means={name.removeprefix("mean."): a for name, a in arrays.items() if name.startswith("mean.")},
            covariance=arrays["covariance"],
            foresee=arrays["foresee"],
            axes=arrays["axes"],
            beside=tuple(about["beside"]),
            learnt=about["learnt"],
            naming=about.get("naming", ""),
        )


def _fast_solver() -> Callable[[FloatArray, FloatArray], Any]:
    """A solver for positive definite matrices: Cholesky, which takes a third of the time of NumPy's solver."""
    try:
        from scipy.linalg import cho_factor, cho_solve
    except ImportError:  # a bare installation takes longer
        return np.linalg.solve
    return lambda gram, right: cho_solve(cho_factor(gram, lower=True, check_finite=False), right, check_finite=False)
