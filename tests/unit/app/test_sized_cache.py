import threading
import time

import pytest

from app.services.sized_cache import SizedCache


def cache(room: float) -> SizedCache[str]:
    return SizedCache(room, len)


def test_a_value_is_made_once():
    made = []
    kept = cache(10)
    for _ in range(3):
        assert kept.get("a", lambda: made.append(1) or "xx") == "xx"
    assert made == [1]


def test_the_one_not_asked_for_longest_goes_first():
    kept = cache(4)
    kept.get("a", lambda: "xx")
    kept.get("b", lambda: "xx")
    kept.get("a", lambda: "never")
    kept.get("c", lambda: "xx")
    assert kept.get("a", lambda: "new") == "xx"
    assert kept.get("b", lambda: "new") == "new"


def test_what_is_too_large_is_given_out_and_not_kept():
    kept = cache(1)
    assert kept.get("a", lambda: "large") == "large"
    assert kept.get("a", lambda: "again") == "again"


def test_an_error_is_not_kept():
    kept = cache(10)
    with pytest.raises(ZeroDivisionError):
        kept.get("a", lambda: str(1 // 0))
    assert kept.get("a", lambda: "x") == "x"


def test_those_who_want_the_same_wait_for_it():
    made, found = [], []
    kept = cache(10)

    def make() -> str:
        made.append(1)
        time.sleep(0.05)
        return "x"

    threads = [threading.Thread(target=lambda: found.append(kept.get("a", make))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (made, found) == ([1], 8 * ["x"])


def test_what_is_there_is_seen_without_being_made():
    kept = cache(4)
    assert kept.peek("a") is None
    kept.get("a", lambda: "xx")
    kept.get("b", lambda: "xx")
    assert kept.peek("a") == "xx"
    kept.get("c", lambda: "xx")
    assert (kept.peek("a"), kept.peek("b")) == ("xx", None), "seen is asked for"
