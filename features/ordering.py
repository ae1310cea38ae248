"""Counting sort: the order of small whole numbers, in time that grows with their number alone."""

import numba
import numpy as np


def stable_order(keys: np.ndarray, num_keys: int) -> np.ndarray:
    """Returns the indices that sort `keys`; equal ones keep their order.

    Args:
        keys: Whole numbers 0 to `num_keys - 1`, shape `(n,)`.
        num_keys: How many different keys there can be.

    Returns:
        int64 `(n,)`.

    Example:

    >>> stable_order(np.array([2, 0, 1, 0]), 3).tolist()
    [1, 3, 2, 0]
    """
    keys = np.require(keys, np.int32, ["C", "ALIGNED"])  # one kind of array is compiled for, once
    order, ends = np.empty(len(keys), np.int64), np.zeros(num_keys + 1, np.int64)
    _sort(keys, ends, order)
    return order


@numba.njit(cache=True)
def _sort(keys, ends, order):
    for key in keys:
        ends[key + 1] += 1
    for key in range(1, len(ends)):
        ends[key] += ends[key - 1]
    for index in range(len(keys)):
        order[ends[keys[index]]] = index
        ends[keys[index]] += 1
