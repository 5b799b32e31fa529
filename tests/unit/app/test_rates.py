"""Token buckets: what a client has, and what is told of it."""

import pytest

from app.api.middleware import rates
from app.api.middleware.rates import Buckets, client_of


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_is_emptied_and_fills_again() -> None:
    clock = Clock()
    buckets = Buckets("read", 5, clock)
    assert [buckets.take("a") for _ in range(10)] == 10 * [0]
    assert buckets.headers("a") == {
        "RateLimit-Policy": '"read";q=10;w=2',
        "RateLimit": '"read";r=0;t=2',
    }
    assert buckets.take("a") == pytest.approx(0.2)
    assert buckets.take("b") == 0
    clock.now = 0.5
    assert [buckets.take("a") > 0 for _ in range(3)] == [False, False, True]
    clock.now = 1000
    assert [buckets.take("a") > 0 for _ in range(11)] == 10 * [False] + [True]


def test_a_rate_below_one_still_lets_one_through() -> None:
    clock = Clock()
    buckets = Buckets("write", 0.1, clock)
    assert buckets.take("a") == 0
    assert buckets.take("a") == pytest.approx(10)
    clock.now = 10
    assert buckets.take("a") == 0


def test_only_so_many_clients_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "MOST_CLIENTS", 3)
    buckets = Buckets("read", 0.5, Clock())
    for client in "abca":
        buckets.take(client)
    buckets.take("d")  # b has asked nothing for longest
    assert buckets.take("a") > 0
    assert buckets.take("b") == 0


@pytest.mark.parametrize(
    ("client", "key"),
    [
        (("192.0.2.7", 5000), "192.0.2.7"),
        (("2001:db8:1:2:3:4:5:6", 5000), "2001:db8:1:2::/64"),
        (("testclient", 50000), "testclient"),
        (None, ""),
    ],
)
def test_whom_a_request_counts_for(client: tuple[str, int] | None, key: str) -> None:
    assert client_of({"type": "http", "client": client}) == key
