"""Frechet distance between two sets of images, by their features.

Heusel et al.: "GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium", NeurIPS 2017,
arXiv:1706.08500. There the features are an Inception network's and the metric is called FID; with other features it is
another metric, and not to be compared with an FID.
"""

import numpy as np
from numpy.typing import NDArray

Features = NDArray[np.floating]
"""N x D: one row an image."""


def frechet_distance(a: Features, b: Features) -> float:
    """Return the squared Frechet distance of the Gaussians fitted to N x D and M x D features; 0.., lower is closer.

    It is in squared units of the features. Few rows make it larger, with D above N much so: compare only metrics of
    equal sample sizes, and with real against real as the floor. Raises ValueError when a set has fewer than two rows,
    values that are not finite, or another D than the other.
    """
    _check(a, b)
    means = a.mean(0, dtype=np.float64) - b.mean(0, dtype=np.float64)
    one, two = _root(a), _root(b)
    spread = np.square(one).sum() + np.square(two).sum() - 2 * np.linalg.svd(one @ two.T, compute_uv=False).sum()
    return float(max(0.0, means @ means + spread))


def _check(a: Features, b: Features) -> None:
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1]:
        raise ValueError(f"features are N x D and M x D, not {a.shape} and {b.shape}")
    if min(len(a), len(b)) < 2:
        raise ValueError("a covariance needs two rows or more")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise ValueError("features are not finite")


def _root(features: Features) -> NDArray[np.float64]:
    """Return R, at most D x D, whose R^T R is the covariance.

    The trace of (R^T R S^T S)^(1/2) is then the sum of the singular values of R S^T, and no root of a matrix, which is
    not exact where the covariance has no full rank, need be taken.
    """
    centred = features.astype(np.float64) - features.mean(0, dtype=np.float64)
    centred /= np.sqrt(len(features) - 1)
    return np.asarray(np.linalg.qr(centred, mode="r"))
