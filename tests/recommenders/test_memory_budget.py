"""Threads share a budget of memory, and get their turns in order."""

import threading

from recommenders.memory_budget import MemoryBudget


class Holder(threading.Thread):
    """Holds bytes until it is let go."""

    def __init__(self, budget: MemoryBudget, needed: int) -> None:
        super().__init__(daemon=True)
        self.budget, self.needed = budget, needed
        self.holds, self.let_go = threading.Event(), threading.Event()
        self.start()

    def run(self) -> None:
        with self.budget.holding(self.needed):
            self.holds.set()
            self.let_go.wait()

    def holds_soon(self) -> bool:
        return self.holds.wait(5)


def test_who_fits_goes_at_once_and_who_does_not_waits() -> None:
    budget = MemoryBudget(10)
    first, second = Holder(budget, 6), Holder(budget, 4)
    assert first.holds_soon() and second.holds_soon()
    third = Holder(budget, 1)
    assert not third.holds.wait(0.05)
    second.let_go.set()
    assert third.holds_soon()
    first.let_go.set()
    third.let_go.set()


def test_who_needs_more_than_there_is_goes_alone_and_is_not_passed_by() -> None:
    budget = MemoryBudget(10)
    small = Holder(budget, 1)
    assert small.holds_soon()
    large = Holder(budget, 100)
    assert not large.holds.wait(0.05)
    late = Holder(budget, 1)
    assert not late.holds.wait(0.05)
    small.let_go.set()
    assert large.holds_soon()
    assert not late.holds.is_set()
    large.let_go.set()
    assert late.holds_soon()
    late.let_go.set()


def test_what_was_held_is_given_back_when_decoding_fails() -> None:
    budget = MemoryBudget(10)
    try:
        with budget.holding(10):
            raise ValueError
    except ValueError:
        pass
    with budget.holding(10):
        pass
