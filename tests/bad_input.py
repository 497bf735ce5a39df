"""One test for all bad input: refused with a sentence that names the value and the remedy."""

import pytest


def refused(*cases):
    """A test of every case: (call, exception, words that name the value, words of a remedy)."""

    names = [f"{error.__name__}: {value}" for _, error, value, _ in cases]

    @pytest.mark.parametrize("call, error, value, remedy", cases, ids=names)
    def test(call, error, value, remedy):
        with pytest.raises(error) as caught:
            call()
        assert value in str(caught.value) and remedy in str(caught.value)

    return test
