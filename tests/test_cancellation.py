"""Scopes in which a thread's work can be cancelled."""

from contextlib import suppress

import pytest

from msviz.cancellation import Cancelled, cancel_scope, raise_if_cancelled


def test_nothing_is_cancelled_outside_a_scope():
    raise_if_cancelled()
    with pytest.raises(Cancelled), cancel_scope(lambda: True):
        raise_if_cancelled()
    raise_if_cancelled()


@pytest.mark.parametrize(("outer", "inner"), [(True, False), (False, True)])
def test_either_of_two_nested_scopes_cancels(outer, inner):
    with cancel_scope(lambda: outer), pytest.raises(Cancelled), cancel_scope(lambda: inner):
        raise_if_cancelled()


def test_the_outer_scope_outlives_the_inner_one():
    cancelled = False
    with cancel_scope(lambda: cancelled):
        with cancel_scope(lambda: False):
            pass
        raise_if_cancelled()
        cancelled = True
        with pytest.raises(Cancelled):
            raise_if_cancelled()


def test_who_catches_every_failure_does_not_catch_it():
    with pytest.raises(Cancelled), cancel_scope(lambda: True), suppress(Exception):
        raise_if_cancelled()
