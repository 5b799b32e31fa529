"""What can go wrong with a request, and the one table from exception to HTTP status."""

from collections.abc import Sequence

from sqlalchemy import make_url
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from solver.domain.errors import DocumentInvalid, InputError, Issue, SitingError


class NotFound(SitingError):
    """What the address names does not exist."""


class Conflict(SitingError):
    """The resource is in a state that does not allow this."""


class PreconditionFailed(SitingError):
    """Somebody changed the resource since the client read it."""

    def __init__(self) -> None:
        super().__init__(
            "precondition_failed", "Ressursen er endret siden den ble lest. Hent den på nytt."
        )


class BodyTooLarge(SitingError):
    """The body is larger than the server accepts."""

    def __init__(self, limit: int) -> None:
        super().__init__("body_too_large", f"Innholdet er større enn {limit} byte.")


class HeadTooLarge(SitingError):
    """Address and headers are larger, or more, than the server accepts."""

    def __init__(self, size: int, number: int) -> None:
        super().__init__(
            "head_too_large",
            f"Adressen og feltene er på mer enn {size} byte eller {number} felter.",
        )


class RequestLate(SitingError):
    """The request did not come in whole within the time there is for it."""

    def __init__(self) -> None:
        super().__init__("request_late", "Forespørselen kom ikke fram i sin helhet i tide.")


class UnsupportedMedia(SitingError):
    """The body is declared as something this route does not read."""

    def __init__(self, accepted: Sequence[str]) -> None:
        super().__init__(
            "unsupported_media_type", f"Content-Type må være {' eller '.join(accepted)}."
        )


class CrossSite(SitingError):
    """A browser sent this for a page of another site."""

    def __init__(self) -> None:
        super().__init__("cross_site", "Forespørselen kommer fra en side på et annet nettsted.")


class WrongHost(SitingError):
    """This was sent to a name that is not of this machine, and nobody is asked to log in."""

    def __init__(self) -> None:
        super().__init__(
            "wrong_host",
            "Uten innlogging svarer tjenesten bare på localhost, 127.0.0.1 og [::1]. Bruk en av "
            "dem, sett FLERKJERNE_OWN_HOSTS til navnet, eller FLERKJERNE_REQUIRE_LOGIN=true.",
        )


class BadBody(SitingError):
    """A body that is of no use; `issues` say where."""

    def __init__(self, code: str, detail: str, issues: Sequence[Issue] = ()) -> None:
        super().__init__(code, detail)
        self.issues = tuple(issues)


class BadRequest(BadBody):
    """The body cannot be read at all."""


class Unprocessable(BadBody):
    """The body can be read but not used."""


class Unauthorised(SitingError):
    """Who asks has not said who they are, or not so that it can be believed."""


class LoginMissing(Unauthorised):
    """Nothing was said."""

    def __init__(self) -> None:
        super().__init__(
            "login_required",
            "Her kreves innlogging. Send en nøkkel som «Authorization: Bearer NØKKEL», eller som "
            "passord med Basic.",
        )


class LoginFailed(Unauthorised):
    """What was said is not right; in which way is not told."""

    def __init__(self) -> None:
        super().__init__("login_failed", "Nøkkelen eller innloggingen er ukjent eller utløpt.")


class NotPermitted(SitingError):
    """Who asks may not do this."""

    def __init__(self, scope: str) -> None:
        super().__init__("not_permitted", f"Innloggingen må ha tilgangen «{scope}» til dette.")


class Later(SitingError):
    """The same request may succeed when it is sent again, after so many seconds."""

    retry_after_s: int = 5


class Unavailable(Later):
    """The server cannot do this now."""


def overloaded() -> Unavailable:
    """More requests wait than should."""
    return Unavailable("overloaded", "Tjenesten har for mye å gjøre nå.")


class RateLimited(Later):
    """The client asks more often than it may."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(
            "rate_limited", f"For mange forespørsler. Vent {retry_after_s} s før den neste."
        )
        self.retry_after_s = retry_after_s


class TooManyWaiting(Later):
    """The tenant has as many runs waiting as it may; others are still taken in."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            "too_many_waiting",
            f"Dere har allerede kjøringer i kø, og høyst {limit} kan vente samtidig. Vent til "
            "noen er ferdige, eller avbryt noen.",
        )


class DatabaseInUse(SitingError):
    """Another process writes to this SQLite file."""

    def __init__(self, host: str | None = None) -> None:
        where = "" if host is None else f" på maskinen «{host}»"
        super().__init__(
            "database_in_use",
            f"En annen tjener eller arbeider{where} bruker allerede denne SQLite-filen. "
            "Stopp den først, eller bruk PostgreSQL når flere skal dele på arbeidet.",
        )


class DatabaseUnreachable(SitingError):
    """Nothing can start without the database."""

    def __init__(self, url: str) -> None:
        shown = make_url(url).render_as_string(hide_password=True)
        super().__init__(
            "database_unreachable",
            f"Databasen {shown} svarer ikke. Start den, eller rett FLERKJERNE_DATABASE_URL.",
        )


class DatabaseCorrupt(SitingError):
    """SQLite finds its file damaged."""

    def __init__(self, url: str, found: str) -> None:
        super().__init__(
            "database_corrupt",
            f"Databasefilen {make_url(url).database} er skadet ({found}). Legg den til side, og "
            "hent en sikkerhetskopi med «flerkjerne db restore».",
        )


class NobodyCanLogIn(SitingError):
    """The service would refuse every request."""

    def __init__(self, host: str) -> None:
        super().__init__(
            "nobody_can_log_in",
            f"På {host} kreves innlogging, og ingen nøkkel gjelder. Lag en med «flerkjerne keys "
            "create NAVN», eller sett FLERKJERNE_OIDC_ISSUER, eller lytt på 127.0.0.1.",
        )


class PortInUse(SitingError):
    """Something else listens there."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            "port_in_use",
            f"Noe annet lytter allerede på {host}:{port}. Velg en annen port med --port.",
        )


DATABASE_AWAY = (OperationalError, InterfaceError, PoolTimeout)

# The first line that fits holds.
STATUS_BY_ERROR: tuple[tuple[type[Exception], int], ...] = (
    (BadRequest, 400),
    (Unauthorised, 401),
    (CrossSite, 403),
    (NotPermitted, 403),
    (NotFound, 404),
    (RequestLate, 408),
    (Conflict, 409),
    (PreconditionFailed, 412),
    (BodyTooLarge, 413),
    (UnsupportedMedia, 415),
    (WrongHost, 421),
    (Unprocessable, 422),
    (InputError, 422),
    (RateLimited, 429),
    (TooManyWaiting, 429),
    (HeadTooLarge, 431),
    (Unavailable, 503),
    *((kind, 503) for kind in DATABASE_AWAY),
)

TITLES = {
    400: "Kan ikke leses",
    401: "Krever innlogging",
    403: "Ikke tillatt",
    404: "Finnes ikke",
    405: "Metoden kan ikke brukes her",
    408: "Kom ikke fram i tide",
    409: "Kan ikke gjøres nå",
    412: "Endret siden sist",
    413: "For stort",
    415: "Ukjent innholdstype",
    421: "Sendt til feil navn",
    422: "Ugyldig innhold",
    429: "For mange forespørsler",
    431: "For store felter",
    500: "Uventet feil",
    503: "Ikke tilgjengelig nå",
}


def status_of(error: Exception) -> int:
    """The HTTP status that answers this exception; 500 for one that nobody foresaw."""
    return next((status for kind, status in STATUS_BY_ERROR if isinstance(error, kind)), 500)


def issues_of(error: Exception) -> tuple[Issue, ...]:
    """The places in the document that the error is about, if it says so."""
    return error.issues if isinstance(error, DocumentInvalid | BadBody) else ()
