"""Kernel regression with several kernels: a Gaussian process with the weights under which the data are likeliest.

y ~ N(0, Σ_b w_b G_b + w_noise I), the weights w found by maximising the marginal likelihood (Rasmussen and Williams,
2006, ch. 5), the same for all the outputs that are fitted together. Its mean is kernel ridge regression; a respect in
which likeness says nothing gets a weight of nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from embeddings.errors import ExtraMissing
from embeddings.prediction.blocks import Doubles

_LEAST, _MOST = -9.0, 3.0  # bounds of the logarithms of the weights
_JITTER = 1e-6


def likeliest(grams: Sequence[Doubles], targets: Doubles, *, steps: int = 20) -> Doubles:
    """Weights [b + 1] of `grams` (b matrices [n, n]) and, last, of the noise, for `targets` [n, m] of unit variance.

    Raises :class:`ExtraMissing` without scipy.
    """
    try:
        from scipy.linalg import cho_factor, cho_solve
        from scipy.optimize import minimize
    except ImportError as error:
        raise ExtraMissing("scipy", "Learning from audiences") from error
    n, m = targets.shape
    identity = np.eye(n)

    def loss(logs: Doubles) -> tuple[float, Doubles]:
        weights = np.exp(logs)
        factor = cho_factor(covariance(grams, weights), lower=True, check_finite=False)
        inverse = cho_solve(factor, identity, check_finite=False)
        solved = inverse @ targets
        likelihood = -0.5 * float((targets * solved).sum()) - m * float(np.log(np.diag(factor[0])).sum())
        slopes = [0.5 * (float((solved * (g @ solved)).sum()) - m * float((inverse * g).sum())) for g in grams]
        slopes.append(0.5 * (float((solved**2).sum()) - m * float(np.trace(inverse))))
        return -likelihood / m / n, -np.array(slopes) * weights / m / n

    start = np.log(np.append(np.full(len(grams), 0.3 / max(len(grams), 1)), 0.7))
    bounds = [(_LEAST, _MOST)] * len(start)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": steps})
    return np.asarray(np.exp(found.x), dtype=np.float64)


def covariance(grams: Sequence[Doubles], weights: Doubles) -> Doubles:
    """Σ_b w_b G_b + (w_noise + a trifle) I, [n, n]."""
    total = mixed(grams, weights)
    total[np.diag_indices_from(total)] += weights[-1] + _JITTER
    return total


def mixed(grams: Sequence[Doubles], weights: Doubles) -> Doubles:
    """Σ_b w_b G_b, [m, n]; the noise's weight is not used."""
    total = np.zeros_like(grams[0])
    for gram, weight in zip(grams, weights[:-1], strict=True):
        total += weight * gram
    return total


def solve(grams: Sequence[Doubles], weights: Doubles, targets: Doubles) -> tuple[Doubles, Doubles]:
    """Coefficients [n, k] of kernel regression on `targets` [n, k], and what it says of each title without that title.

    The leave-one-out mean of title i is y_i − α_i / (K⁻¹)_ii (Rasmussen and Williams, 2006, eq. 5.12).
    Raises :class:`ExtraMissing` without scipy.
    """
    try:
        from scipy.linalg import cho_factor, cho_solve
        from scipy.linalg.lapack import dpotri
    except ImportError as error:
        raise ExtraMissing("scipy", "Learning from audiences") from error
    factor, lower = cho_factor(covariance(grams, weights), lower=True, overwrite_a=True, check_finite=False)
    coefficients = np.asarray(cho_solve((factor, lower), targets, check_finite=False))
    inverse, _ = dpotri(factor, lower=lower, overwrite_c=True)  # its lower half
    return coefficients, targets - coefficients / np.diag(inverse)[:, None]
