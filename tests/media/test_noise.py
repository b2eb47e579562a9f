from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mock_server.media.noise import noise, smooth

KEYS = st.integers(-(2**64), 2**64)
POSITIONS = st.floats(0, 1e9)


@given(KEYS, POSITIONS)
def test_noise_stays_between_0_and_1(key: int, position: float) -> None:
    assert 0.0 <= noise(key, position) <= 1.0


@given(KEYS, st.floats(0, 1e6))
def test_noise_has_no_jumps(key: int, position: float) -> None:
    assert abs(noise(key, position + 0.01) - noise(key, position)) < 0.02


def test_noise_goes_everywhere() -> None:
    heights = [noise(7, position) for position in range(1_000)]

    assert min(heights) < 0.01
    assert max(heights) > 0.99
    assert 0.45 < sum(heights) / 1_000 < 0.55


@given(st.floats(-10, 10), st.floats(-10, 10))
def test_smooth_never_falls(a: float, b: float) -> None:
    low, high = sorted((a, b))

    assert 0.0 <= smooth(low) <= smooth(high) <= 1.0
