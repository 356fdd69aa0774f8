"""The laws of a two-way mean."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swapmatch.fusion import FUSIONS, FusionName

unit = st.floats(0.0, 1.0)
fusions = st.sampled_from(sorted(FUSIONS))


def fused(name: FusionName, a: float, b: float) -> float:
    return float(FUSIONS[name](np.array([a]), np.array([b]))[0])


@given(fusions, unit, unit)
def test_a_fusion_is_symmetric(name: FusionName, a: float, b: float) -> None:
    assert fused(name, a, b) == pytest.approx(fused(name, b, a), abs=1e-15)


@given(fusions, unit, unit)
def test_a_fusion_lies_between_both_unless_one_side_gets_nothing(name: FusionName, a: float, b: float) -> None:
    low = 0.0 if min(a, b) == 0 else min(a, b)
    assert low - 1e-12 <= fused(name, a, b) <= max(a, b) + 1e-12


@given(fusions, unit, unit, unit)
def test_a_fusion_never_falls_when_a_direction_rises(name: FusionName, a: float, more: float, b: float) -> None:
    assert fused(name, min(a, more), b) <= fused(name, max(a, more), b) + 1e-12


@given(fusions, unit)
def test_a_one_sided_gift_is_no_swap(name: FusionName, a: float) -> None:
    assert fused(name, a, 0.0) == 0.0


def test_the_means_are_what_their_names_say() -> None:
    values = {name: fused(name, 0.2, 0.8) for name in FUSIONS}
    assert values == pytest.approx({"harmonic": 0.32, "geometric": 0.4, "minimum": 0.2, "arithmetic": 0.5})
