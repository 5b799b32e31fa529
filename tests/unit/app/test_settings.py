"""Configuration from the environment."""

import pytest
from pydantic import ValidationError

from app.settings import Settings


def test_without_an_environment() -> None:
    assert Settings().database_url == "sqlite:///flerkjerne.db"


def test_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLERKJERNE_DATABASE_URL", "postgresql://anna:hemmelig@db/planer")
    monkeypatch.setenv("FLERKJERNE_WORKERS", "3")
    settings = Settings()
    assert settings.database_url == "postgresql+psycopg://anna:hemmelig@db/planer"
    assert settings.workers == 3


def test_a_password_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "hemmelig" not in repr(Settings(database_url="postgresql://anna:hemmelig@db/planer"))
    monkeypatch.setenv("FLERKJERNE_DATABASE_URL", "mysql://anna:hemmelig@db/planer")
    with pytest.raises(ValidationError) as caught:
        Settings()
    assert "hemmelig" not in str(caught.value)


def test_lists_have_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLERKJERNE_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8")
    assert [str(each) for each in Settings().trusted_proxies] == ["127.0.0.1/32", "10.0.0.0/8"]
    monkeypatch.setenv("FLERKJERNE_TRUSTED_PROXIES", "")
    assert Settings().trusted_proxies == ()
    monkeypatch.setenv("FLERKJERNE_TRUSTED_PROXIES", "proxy.example")
    with pytest.raises(ValidationError):
        Settings()
