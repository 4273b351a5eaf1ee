"""Tests for forecasting.resampling."""

from __future__ import annotations

import numpy as np

from forecasting.resampling import add_blocks, draw_origins, fill_missing


def joint_paths(point, blocks, weekdays, first_weekday, paths, rng):
    drawn = draw_origins(
        lambda start: np.flatnonzero(weekdays == (first_weekday + start) % 7),
        point.shape[1],
        blocks.shape[2],
        paths,
        rng,
    )
    return add_blocks(point, blocks, drawn)


def test_donors_are_of_the_same_origin():
    """A missing error is another series' error at the same origin, whole; without any, zero."""
    blocks = np.array([[[1.0, 2], [np.nan, 5]], [[3.0, 4], [7, 8]], [[np.nan, np.nan], [np.nan, np.nan]]])
    filled = fill_missing(blocks, np.random.default_rng(1))
    np.testing.assert_array_equal(filled, [[[1, 2], [1, 2]], [[3, 4], [7, 8]], [[0, 0], [0, 0]]])


def test_errors_keep_their_weekday():
    """Only blocks that begin on the forecast's weekday are drawn, also when further blocks follow."""
    weekdays = np.arange(28) % 7
    blocks = np.repeat(weekdays[:, None, None].astype(float), 7, axis=2) + np.arange(7)
    paths = joint_paths(np.zeros((1, 21)), blocks, weekdays, 3, 50, np.random.default_rng(1))
    np.testing.assert_array_equal(paths[0], np.tile(3.0 + np.arange(7), 3)[:, None].repeat(50, axis=1))


def test_one_path_is_one_past():
    """Within a block, all series and days of a path take the errors of one origin."""
    blocks = np.random.default_rng(2).uniform(0, 1, (20, 3, 5))
    paths = joint_paths(np.zeros((3, 5)), blocks, np.zeros(20, dtype=np.int64), 0, 60, np.random.default_rng(1))
    for path in paths.transpose(2, 0, 1):
        assert (path == blocks).all(axis=(1, 2)).sum() == 1


def test_origins_are_drawn_evenly():
    """With as many paths as origins, each origin is drawn once."""
    blocks = np.arange(30.0)[:, None, None]
    paths = joint_paths(np.zeros((1, 1)), blocks, np.zeros(30, dtype=np.int64), 0, 30, np.random.default_rng(1))
    np.testing.assert_array_equal(np.sort(paths[0, 0]), np.arange(30.0))


def test_clipping_comes_last():
    """A negative mean with a positive error is their sum, not the error alone."""
    blocks = np.array([[[3.0]], [[1.0]]])
    paths = joint_paths(np.array([[-2.0]]), blocks, np.zeros(2, dtype=np.int64), 0, 2, np.random.default_rng(1))
    np.testing.assert_array_equal(np.sort(paths[0, 0]), [0.0, 1.0])
