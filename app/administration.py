"""Commands for those who run the service: `flerkjerne keys …` and `flerkjerne db …`."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from app.callers import DEFAULT_TENANT, AccessScope, Caller, is_tenant
from app.schemas.keys import DAYS, LONGEST_DAYS, KeyRequest
from solver.domain.errors import InputError

if TYPE_CHECKING:
    from app.db import Database
    from app.settings import Settings

Command = Callable[[argparse.Namespace], int]

EXIT_OK, EXIT_FAILED = 0, 1


def settings_with(chosen: Mapping[str, Any]) -> "Settings":
    """The settings of the environment, and those chosen before them; InputError if unusable."""
    from app.settings import Settings

    try:
        return Settings(**chosen)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise InputError(
            "settings_invalid",
            f"Innstillingene kan ikke brukes: {wrong}. "
            "Rett valget på kommandolinjen eller miljøvariabelen FLERKJERNE_… av samme navn.",
        ) from error


def add_commands(commands: Any) -> None:
    """Add them to the parser's commands."""
    keys = commands.add_parser("keys", help="nøklene til HTTP-tjenesten")
    of_keys = keys.add_subparsers(required=True, metavar="HVA")
    create = of_keys.add_parser("create", help="lag en nøkkel; den vises bare denne ene gangen")
    create.add_argument("name", metavar="NAVN", help="hva den er til")
    create.add_argument("--tenant", type=_tenant, default=DEFAULT_TENANT, metavar="EIER")
    create.add_argument(
        "--scope",
        action="append",
        choices=[scope.value for scope in AccessScope],
        help="kan gjentas; ellers read og plan",
    )
    create.add_argument("--days", type=int, default=DAYS, metavar="N", help=f"1 til {LONGEST_DAYS}")
    create.set_defaults(run=_create_key)
    listed = of_keys.add_parser("list", help="nøklene, uten hemmeligheten i dem")
    listed.set_defaults(run=_list_keys)
    revoke = of_keys.add_parser("revoke", help="trekk tilbake en nøkkel")
    revoke.add_argument("id", metavar="ID")
    revoke.set_defaults(run=_revoke_key)

    database = commands.add_parser("db", help="databasen")
    of_database = database.add_subparsers(required=True, metavar="HVA")
    without_file: dict[str, tuple[Command, str]] = {
        "upgrade": (_upgrade, "oppdater tabellene til denne versjonen"),
        "check": (_check, "se etter at databasen er hel og av denne versjonen"),
        "verify-audit": (_verify_audit, "se etter at ingen har endret revisjonsloggen"),
    }
    with_file: dict[str, tuple[Command, str]] = {
        "backup": (_backup, "skriv alle rader til en fil, også mens tjenesten går"),
        "restore": (_restore, "fyll en tom database fra en slik fil"),
    }
    for name, (run, words) in (without_file | with_file).items():
        parser = of_database.add_parser(name, help=words)
        if name in with_file:
            parser.add_argument("file", type=Path, metavar="FIL")
        parser.set_defaults(run=run)


def _tenant(text: str) -> str:
    if not is_tenant(text):
        raise argparse.ArgumentTypeError("bruk 1 til 100 av bokstavene a–z, sifre og . _ : @ -")
    return text


@contextmanager
def _database() -> Iterator["Database"]:
    """The one of the settings; DatabaseUnreachable when it does not answer."""
    from app.db import Database
    from app.errors import DATABASE_AWAY, DatabaseUnreachable

    database = Database(settings_with({}).database_url)
    try:
        yield database
    except DATABASE_AWAY as error:
        raise DatabaseUnreachable(database.url) from error
    finally:
        database.dispose()


@contextmanager
def _written_to() -> Iterator["Database"]:
    """As `_database`, up to date and, on SQLite, with no other process that writes."""
    from app.db import migrate

    with _database() as database, database.serving():
        migrate(database.url)
        yield database


def _create_key(options: argparse.Namespace) -> int:
    from app.services.keys import Keys

    scopes = options.scope or [AccessScope.READ, AccessScope.PLAN]
    try:
        asked = KeyRequest(name=options.name, scopes=scopes, days=options.days)
    except ValidationError as error:
        raise InputError(
            "key_invalid", f"Navnet må ha 1 til 100 tegn, og --days være 1 til {LONGEST_DAYS}."
        ) from error
    caller = Caller(options.tenant, "command line", frozenset())
    with _written_to() as database:
        made = Keys(database.of(caller)).create(asked.name, asked.scopes, asked.days)
    print(made.key)
    print(
        f"Nøkkelen {made.row.id} for «{options.tenant}» gjelder til {made.row.expires:%Y-%m-%d} og "
        f"gir {made.row.scopes}. Den kan ikke vises igjen.",
        file=sys.stderr,
    )
    return EXIT_OK


def _list_keys(_options: argparse.Namespace) -> int:
    from app.repositories.keys import KeyRepository

    with _database() as database, database.reading() as session:
        for row in KeyRepository(session).all():
            ended = "trukket tilbake" if row.revoked else f"til {row.expires:%Y-%m-%d}"
            used = f"{row.last_used:%Y-%m-%d %H:%M}" if row.last_used else "aldri"
            print("\t".join([row.id, row.tenant, row.scopes, ended, f"brukt {used}", row.name]))
    return EXIT_OK


def _revoke_key(options: argparse.Namespace) -> int:
    from app.callers import EVERY_TENANT
    from app.services.keys import Keys

    caller = Caller(EVERY_TENANT, "command line", frozenset())
    with _written_to() as database:
        Keys(database.of(caller)).revoke(options.id)
    print(f"Nøkkelen {options.id} gjelder ikke lenger.")
    return EXIT_OK


def _upgrade(_options: argparse.Namespace) -> int:
    from app.jobs.queue import DurableQueue

    with _written_to() as database:
        DurableQueue(database, "upgrade", workers=1).migrate()
    print("Tabellene er av denne versjonen.")
    return EXIT_OK


def _check(_options: argparse.Namespace) -> int:
    from app.services.backup import count_rows

    with _database() as database:
        damage = database.damage(thorough=True)
        if damage is not None:
            print(f"Databasen er skadet: {damage}", file=sys.stderr)
            return EXIT_FAILED
        if not database.migrated():
            print("Tabellene er ikke av denne versjonen: flerkjerne db upgrade", file=sys.stderr)
            return EXIT_FAILED
        print(json.dumps(count_rows(database)))
    return EXIT_OK


def _backup(options: argparse.Namespace) -> int:
    from app.services.backup import backup

    with _database() as database:
        print(json.dumps(backup(database, options.file)))
    return EXIT_OK


def _restore(options: argparse.Namespace) -> int:
    from app.services.backup import restore

    with _database() as database, database.serving():
        counted = restore(database, options.file)
    print(json.dumps(counted))
    return _verify_audit(options)


def _verify_audit(_options: argparse.Namespace) -> int:
    from app.repositories.audit import verify

    status = EXIT_OK
    with _database() as database, database.reading() as session:
        for chain in verify(session):
            print(f"{chain.tenant}\t{chain.length}\t{chain.last_hash}")
            if chain.broken_at is not None:
                print(
                    f"Revisjonsloggen til «{chain.tenant}» er endret: linje {chain.broken_at} er "
                    "ikke slik den ble skrevet.",
                    file=sys.stderr,
                )
                status = EXIT_FAILED
    return status
