"""Who has how much: every piece and chunk is counted once, and thresholds part the composers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.census import above, count_composers, shares

PIECES = st.lists(
    st.tuples(st.sampled_from("ABCDE"), st.sampled_from("uvwxyz"), st.integers(1, 9)), min_size=1, max_size=30
)


@given(PIECES)
def test_everything_is_counted_once(pieces):
    composers, works, num_chunks = zip(*pieces, strict=True)
    census = count_composers(composers, works, num_chunks)
    assert [count.composer for count in census] == sorted(set(composers))
    assert sum(count.num_pieces for count in census) == len(pieces)
    assert sum(count.num_chunks for count in census) == sum(num_chunks)
    for count in census:
        assert count.num_works == len({work for name, work, _ in pieces if name == count.composer})
    assert sum(shares(census)) == pytest.approx(1)


@given(PIECES, st.floats(0, 1), st.floats(0, 1))
def test_a_higher_threshold_keeps_no_more(pieces, one, other):
    census = count_composers(*zip(*pieces, strict=True))
    low, high = sorted((one, other))
    assert set(above(census, min_share=high)) <= set(above(census, min_share=low))
    assert above(census) == census
