"""The budget of retries: shares of what is under way, and of what was tried lately."""

from contextlib import ExitStack

from pipeline.backends.budget import Budget


class Clock:
    """A clock that is set by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def granted(budget: Budget, tries: int, under_way: int = 1) -> int:
    """How many of so many retries there may be, one after the other."""
    count = 0
    for _ in range(tries):
        with budget.retrying(under_way) as one:
            count += one
    return count


def test_a_few_may_always_be_sent_again():
    budget = Budget(Clock())
    budget.tried()
    assert granted(budget, 50) == 10


def test_where_tries_fail_fast_retries_are_a_fifth_of_them():
    budget = Budget(Clock())
    again = 0
    for _ in range(1000):
        budget.tried()
        again += granted(budget, 2)
    assert 195 <= again <= 200


def test_what_was_long_ago_counts_no_more():
    clock = Clock()
    budget = Budget(clock)
    for _ in range(1000):
        budget.tried()
    assert granted(budget, 500) == 200
    clock.now += 100
    assert granted(budget, 500) in (9, 10)


def test_the_bound_holds_whatever_the_pace():
    """A steady load, faster and slower than what fades."""
    for pace in (0.001, 0.1):
        clock = Clock()
        budget = Budget(clock)
        again = 0
        for _ in range(5000):
            clock.now += pace
            budget.tried()
            again += granted(budget, 3)
        assert again <= 1000


def test_under_way_are_a_fifth_of_the_first_tries_or_three():
    for first, most in ((1, 3), (15, 3), (20, 4), (100, 20)):
        budget = Budget(Clock())
        for _ in range(1000):
            budget.tried()
        with ExitStack() as stack:
            under_way = 0
            while stack.enter_context(budget.retrying(first + under_way)):
                under_way += 1
            assert under_way == most
        assert granted(budget, 1, first) == 1, "they are over"
