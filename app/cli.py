"""The command `flerkjerne`."""

import argparse
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import Any, Self, TextIO, get_args

from pydantic import ValidationError
from rich.console import Console
from rich.live import Live

from app import administration, data_commands
from app.administration import settings_with
from app.comparison_table import print_comparison
from app.jobs.child import Failure, run_in_child
from app.schemas.jsontext import parse_json
from app.schemas.merge_patch import place_of, set_path
from app.schemas.parameters import Forced, ParetoParameters, RuleName, RunKind
from app.schemas.plan import Plan
from app.schemas.run import MAX_THREADS
from app.services.checking import check_scenario
from app.services.comparison import Compared, compare, require_two_to_six
from app.services.parameters import check_parameters
from app.services.plan_document import dump, scenario_hash
from app.services.task import Task
from app.services.travel_figures import matrix_figures
from app.services.words import millions, number, percent
from app.summary import OUTCOMES, print_summary, wide
from app.travel_command import add_travel_options, travel_matrix
from app.travel_table import print_matrix
from geodata import bundled
from solver.domain.errors import DocumentInvalid, InputError, Issue, SitingError
from solver.domain.result import REFEREE_SECONDS, Progress, SolveOptions, Strategy, Watcher

EXIT_OK, EXIT_FAILED, EXIT_INVALID, EXIT_INFEASIBLE, EXIT_NO_PLAN = 0, 1, 2, 3, 4
EXITS = {
    "optimal": EXIT_OK,
    "feasible": EXIT_OK,
    "infeasible": EXIT_INFEASIBLE,
    "no_plan": EXIT_NO_PLAN,
    "dismissed": EXIT_FAILED,
}
PLAIN_LINE_S = 2.0  # between progress lines where there is no terminal


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except DocumentInvalid as error:
        _print_issues(error.issues)
        return EXIT_INVALID
    except InputError as error:
        print(f"{error.detail} [{error.code}]", file=sys.stderr)
        return EXIT_INVALID
    except SitingError as error:
        print(f"{error.detail} [{error.code}]", file=sys.stderr)
        return EXIT_FAILED
    except OSError as error:
        print(f"{error.strerror or error}: {error.filename or ''}", file=sys.stderr)
        return EXIT_FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="flerkjerne", description="Hvor og når bør neste plass?")
    commands = parser.add_subparsers(required=True, metavar="KOMMANDO")

    demo = commands.add_parser("demo", help="løs det medfølgende Lillehammer-scenariet")
    demo.add_argument("--out", type=Path, default=Path("out"), metavar="MAPPE")
    _add_solve_options(demo)
    demo.set_defaults(run=_demo)

    solve = commands.add_parser("solve", help="løs et scenario")
    _add_scenario(solve)
    _add_solve_options(solve)
    solve.add_argument("--out", type=Path, metavar="FIL", help="planen som JSON")
    solve.add_argument("--geojson", type=Path, metavar="FIL", help="alle kartlag som GeoJSON")
    solve.add_argument("--gpkg", type=Path, metavar="FIL", help="alle kartlag som GeoPackage")
    solve.add_argument("--qgz", type=Path, metavar="FIL", help="QGIS-prosjekt som viser --gpkg")
    solve.set_defaults(run=_solve)

    pareto = commands.add_parser("pareto", help="planer mellom lavest kostnad og kortest reise")
    _add_scenario(pareto)
    _add_limits(pareto)
    pareto.add_argument("--points", type=_whole, metavar="N", help="høyst så mange planer")
    measures = get_args(ParetoParameters.model_fields["against"].annotation)
    pareto.add_argument("--against", choices=measures, metavar="MÅL", help=", ".join(measures))
    _add_out(pareto)
    pareto.set_defaults(run=_pareto)

    explain = commands.add_parser("explain", help="finn det minste som må gi etter for en plan")
    _add_scenario(explain)
    _add_limits(explain)
    explain.add_argument(
        "--alternatives", type=_whole, default=3, metavar="N", help="andre lempinger, 0 til 10"
    )
    _add_out(explain)
    explain.set_defaults(run=_explain)

    price = commands.add_parser("price", help="hva hver regel i et scenario koster")
    _add_scenario(price)
    _add_limits(price)
    _add_out(price)
    price.add_argument(
        "--rule",
        action="append",
        choices=get_args(RuleName),
        metavar="REGEL",
        help=f"bare denne regelen, kan gjentas: {', '.join(get_args(RuleName))}",
    )
    price.set_defaults(run=_price)

    whynot = commands.add_parser("whynot", help="hvorfor et prosjekt er med i planen, eller ikke")
    _add_scenario(whynot)
    whynot.add_argument("project", metavar="PROSJEKT", help="prosjektets id i scenariet")
    _add_limits(whynot)
    _add_out(whynot)
    whynot.add_argument("--force", choices=get_args(Forced), help="ellers det motsatte av planen")
    whynot.add_argument("--opens", type=_whole, metavar="ÅR", help="året det må åpne")
    whynot.set_defaults(run=_why_not)

    alternatives = commands.add_parser(
        "alternatives", help="nesten like gode planer, og det de har felles"
    )
    _add_scenario(alternatives)
    _add_solve_options(alternatives)
    alternatives.add_argument("--plans", type=_whole, metavar="N", help="så mange planer i alt")
    alternatives.add_argument(
        "--within", type=_number, metavar="ANDEL", help="så mye dyrere, som andel: 0.01"
    )
    _add_out(alternatives)
    alternatives.set_defaults(run=_alternatives)

    stress = commands.add_parser("stress", help="én plan mot mange framtider")
    _add_scenario(stress)
    _add_solve_options(stress)
    stress.add_argument("--plan", type=Path, metavar="FIL", help="en plan fra «solve --out»")
    stress.add_argument(
        "--parameters", type=Path, metavar="FIL", help="framtidene, som i docs/explanations"
    )
    _add_out(stress)
    stress.set_defaults(run=_stress, threads=min(os.cpu_count() or 1, MAX_THREADS))

    compare = commands.add_parser("compare", help="to til seks planer side om side")
    compare.add_argument(
        "runs",
        nargs="+",
        metavar="SCENARIO[=PLAN]",
        help="et scenario, som løses, eller med en plan fra «solve --out»: fil=plan.json",
    )
    _add_limits(compare)
    compare.add_argument("--out", type=Path, metavar="FIL", help="sammenligningen som JSON")
    compare.add_argument("--geojson", type=Path, metavar="FIL", help="forskjellene på kartet")
    compare.set_defaults(run=_compare)

    travel = commands.add_parser(
        "travel", help="reisetider på vegnett inn i et scenario, eller vis dem"
    )
    _add_scenario(travel)
    add_travel_options(travel)
    travel.set_defaults(run=_travel)

    validate = commands.add_parser("validate", help="kontroller et scenario uten å løse det")
    _add_scenario(validate)
    validate.set_defaults(run=_validate)

    example = commands.add_parser("example", help="skriv ut et medfølgende scenario")
    example.add_argument("name", metavar="NAVN", help=", ".join(bundled.names()))
    example.set_defaults(run=_example)

    worker = commands.add_parser("worker", help="løs kjøringer fra en delt PostgreSQL-database")
    worker.set_defaults(run=_worker)

    data_commands.add_commands(commands, read=lambda source: _read(source, []))

    administration.add_commands(commands)

    serve = commands.add_parser("serve", help="start HTTP-tjenesten med én arbeider")
    serve.add_argument("--host")
    serve.add_argument("--port", type=int)
    serve.set_defaults(run=_serve)
    return parser


def _add_out(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, metavar="FIL", help="svaret som JSON")


def _add_scenario(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("scenario", metavar="SCENARIO", help="fil, «-» eller medfølgende navn")
    parser.add_argument("--set", action="append", default=[], metavar="STI=JSON", dest="changes")


def _add_limits(parser: argparse.ArgumentParser) -> None:
    """How long and how exact; a strategy and a referee are chosen where they can be."""
    defaults = SolveOptions()
    parser.add_argument("--time-limit", type=_seconds, default=defaults.time_limit_s, metavar="S")
    parser.add_argument("--gap", type=_gap, default=defaults.mip_gap, metavar="G")
    parser.add_argument("--threads", type=_threads, default=defaults.threads, metavar="N")
    parser.set_defaults(strategy=None, referee=False)


def _add_solve_options(parser: argparse.ArgumentParser) -> None:
    _add_limits(parser)
    strategies = [strategy.value for strategy in Strategy]
    parser.add_argument(
        "--strategy",
        choices=strategies,
        metavar="NAVN",
        help=f"løsningsmåte, ellers velges en etter scenariet: {', '.join(strategies)}",
    )
    parser.add_argument(
        "--referee",
        action="store_true",
        help="la en annen, uavhengig løser (SCIP) bekrefte beviset; tar inntil "
        f"{REFEREE_SECONDS:g} s utover tidsgrensen",
    )


def _seconds(text: str) -> float:
    value = _number(text)
    if not 0 < value <= 86_400:
        raise argparse.ArgumentTypeError("må være over 0 og høyst 86400 sekunder")
    return value


def _gap(text: str) -> float:
    value = _number(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError("må være fra 0 til 1")
    return value


def _threads(text: str) -> int:
    value = _whole(text)
    if not 1 <= value <= MAX_THREADS:
        raise argparse.ArgumentTypeError(f"må være et helt tall fra 1 til {MAX_THREADS}")
    return value


def _whole(text: str) -> int:
    value = _number(text)
    if not value.is_integer():
        raise argparse.ArgumentTypeError(f"«{text}» er ikke et helt tall")
    return int(value)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"«{text}» er ikke et tall") from None


def _demo(options: argparse.Namespace) -> int:
    document = bundled.load("lillehammer")
    plan, text = _run(Task(document), options)
    print_summary(wide(Console()), document, plan)
    folder: Path = options.out
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plan.json").write_bytes(text)
    _write_layers(document, plan, folder / "plan.geojson", folder / "plan.gpkg")
    _write_project(document, folder / "plan.gpkg", folder / "plan.qgz")
    print(f"\nSkrevet: {folder}/plan.json, plan.geojson, plan.gpkg og plan.qgz (åpnes i QGIS).")
    print("Start tjenesten med: flerkjerne serve")
    return EXITS[plan["outcome"]]


def _solve(options: argparse.Namespace) -> int:
    document = _read(options.scenario, options.changes)
    for path in (options.out, options.geojson, options.gpkg, options.qgz):
        _can_write(path)
    if options.qgz is not None and options.gpkg is None:
        raise InputError("qgz_without_gpkg", "Oppgi også --gpkg, som prosjektet leser fra.")
    plan, text = _run(Task(document), options)
    print_summary(_hand_out(text, options.out), document, plan)
    _write_layers(document, plan, options.geojson, options.gpkg)
    if options.qgz is not None:
        _write_project(document, options.gpkg, options.qgz)
    return EXITS[plan["outcome"]]


def _pareto(options: argparse.Namespace) -> int:
    asked = {"points": options.points, "against": options.against}
    given = {name: value for name, value in asked.items() if value is not None}
    return EXITS[_analyse(options, "pareto", given)["outcome"]]


def _explain(options: argparse.Namespace) -> int:
    answer = _analyse(options, "repair", {"alternatives": options.alternatives})
    return EXITS[answer["outcome"]]


def _price(options: argparse.Namespace) -> int:
    return EXITS[_analyse(options, "price", {"rules": options.rule})["outcome"]]


def _why_not(options: argparse.Namespace) -> int:
    asked = {"project": options.project, "force": options.force, "opens": options.opens}
    return EXITS[_analyse(options, "why_not", asked)["outcome"]]


def _alternatives(options: argparse.Namespace) -> int:
    asked = {"n": options.plans, "within": options.within}
    given = {name: value for name, value in asked.items() if value is not None}
    return EXITS[_analyse(options, "alternatives", given)["outcome"]]


def _stress(options: argparse.Namespace) -> int:
    given = {} if options.parameters is None else _object(options.parameters)
    if options.plan is not None:
        plan = _object(options.plan)
        if "projects" not in plan:
            raise InputError("no_plan", f"«{options.plan}» er ikke et plandokument.")
        given = {**given, "plan": plan["projects"]}
    if options.scenario in bundled.names() and "futures" not in given:
        given = {"population_totals": bundled.population_variants(options.scenario), **given}
    return EXITS[_analyse(options, "stress", given)["outcome"]]


def _object(path: Path) -> dict[str, Any]:
    given = parse_json(path.read_bytes())
    if not isinstance(given, dict):
        raise InputError("no_object", f"«{path}» inneholder ikke et JSON-objekt.")
    return given


def _compare(options: argparse.Namespace) -> int:
    for path in (options.out, options.geojson):
        _can_write(path)
    require_two_to_six(options.runs)
    given = [(named, *_with_plan(named)) for named in options.runs]
    runs = []
    for named, document, known in given:
        plan = known or _run(Task(document), options)[0]
        if known is None and not plan["years"]:
            print(f"«{named}»: {OUTCOMES[plan['outcome']]}", file=sys.stderr)
            return EXITS[plan["outcome"]]
        runs.append(Compared(named, document, plan))
    comparison = compare(runs)
    console = _hand_out(dump(comparison), options.out)
    print_comparison(console, comparison)
    if options.geojson is not None:
        from geodata.differences import differences
        from geodata.exporters import write_geojson

        layer = differences([run.scenario for run in runs], comparison)
        write_geojson(options.geojson, layer)
    return EXIT_OK


def _with_plan(named: str) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """A scenario with the plan of a file, checked to be of it; no plan where none is named."""
    source, equals, path = named.partition("=")
    document = _read(source, [])
    if not equals:
        return document, None
    plan = _object(Path(path))
    try:
        Plan.model_validate(plan)
    except ValidationError as error:
        raise InputError("no_plan", f"«{path}» er ikke et plandokument.") from error
    if plan["provenance"]["scenario_hash"] != scenario_hash(check_scenario(document)):
        raise InputError("plan_of_another_scenario", f"«{path}» er ikke en plan for «{source}».")
    return document, plan


def _analyse(
    options: argparse.Namespace, kind: RunKind, parameters: Mapping[str, Any]
) -> dict[str, Any]:
    """The result document of an analysis, handed out and told in words."""
    document = _read(options.scenario, options.changes)
    _can_write(options.out)
    chosen = check_parameters(kind, parameters, check_scenario(document))
    answer, text = _run(Task(document, kind, chosen.model_dump(mode="json")), options)
    console = _hand_out(text, options.out)
    for line in answer["text"]:
        console.print(line, highlight=False, markup=False)
    return answer


def _hand_out(text: bytes, out: Path | None) -> Console:
    """Write the result where it was asked for; a console for the words beside it."""
    piped = out is None and not sys.stdout.isatty()
    if out is not None:
        out.write_bytes(text)
    elif piped:
        sys.stdout.buffer.write(text)
        sys.stdout.buffer.flush()
    return wide(Console(stderr=piped))


def _can_write(path: Path | None) -> None:
    """Said before the solve, not after it."""
    if path is not None and not path.parent.is_dir():
        raise InputError("no_such_folder", f"Mappen «{path.parent}» finnes ikke. Lag den først.")


def _write_layers(
    document: Mapping[str, Any], plan: Mapping[str, Any], geojson: Path | None, gpkg: Path | None
) -> None:
    from geodata.exporters import write_geojson, write_geopackage
    from geodata.layers import all_layers

    if geojson is not None:
        write_geojson(geojson, all_layers(document, plan))
    if gpkg is not None:
        write_geopackage(gpkg, document, plan)


def _write_project(document: Mapping[str, Any], gpkg: Path, qgz: Path) -> None:
    from geodata.exporters import write_project

    write_project(qgz, document, gpkg)


def _run(task: Task, options: argparse.Namespace) -> tuple[dict[str, Any], bytes]:
    """The result of a checked task, as an object and as its bytes."""
    limits = SolveOptions(
        time_limit_s=options.time_limit,
        mip_gap=options.gap,
        threads=options.threads,
        strategy=None if options.strategy is None else Strategy(options.strategy),
        referee=options.referee,
    )
    with _Progress(sys.stderr) as progress:
        result = run_in_child(task, limits, watcher=progress.watcher)
    if result.document is None:
        assert result.failure is not None
        raise _error(result.failure)
    return json.loads(result.document), result.document


def _error(failure: Failure) -> SitingError:
    if failure.issues:
        return DocumentInvalid(failure.issues)
    kind = InputError if failure.is_input else SitingError
    return kind(failure.code, failure.detail)


def _travel(options: argparse.Namespace) -> int:
    _can_write(options.out)
    document = _read(options.scenario, options.changes)
    if options.inspect:
        print_matrix(wide(Console()), document, matrix_figures(document))
        return EXIT_OK
    done = travel_matrix(check_scenario(document), options)
    console = _hand_out(dump(done.document), options.out)
    for remark in done.remarks:
        print(remark, file=sys.stderr)
    print_matrix(console, done.document, matrix_figures(done.document))
    return EXIT_OK


def _validate(options: argparse.Namespace) -> int:
    _read(options.scenario, options.changes)
    print("Scenariet er gyldig.")
    return EXIT_OK


def _example(options: argparse.Namespace) -> int:
    print(json.dumps(bundled.load(options.name), ensure_ascii=False, indent=1))
    return EXIT_OK


def _serve(options: argparse.Namespace) -> int:
    from app.main import serve

    chosen = {name: getattr(options, name) for name in ("host", "port")}
    serve(settings_with({name: value for name, value in chosen.items() if value is not None}))
    return EXIT_OK


def _worker(_options: argparse.Namespace) -> int:
    from app.main import work

    work(settings_with({}))
    return EXIT_OK


def _read(source: str, changes: Sequence[str]) -> dict[str, Any]:
    """A checked scenario document, with `--set` changes made."""
    if source in bundled.names():
        document: Any = bundled.load(source)
    elif source == "-":
        document = parse_json(sys.stdin.buffer.read())
    else:
        document = parse_json(_file(source))
    for change in changes:
        document = _changed(document, change)
    return check_scenario(document).plain()


def _file(name: str) -> bytes:
    try:
        return Path(name).read_bytes()
    except FileNotFoundError:
        known = ", ".join(bundled.names())
        raise InputError(
            "scenario_not_found",
            f"Fant ingen fil «{name}», og det er ikke et medfølgende scenario ({known}).",
        ) from None


def _changed(document: Any, change: str) -> Any:
    path, equals, value = change.partition("=")
    if not equals:
        raise InputError("bad_change", f"«--set {change}» mangler =. Skriv sti.til.felt=JSON.")
    try:
        parsed = parse_json(value)
    except DocumentInvalid as error:
        place = place_of(path)
        raise DocumentInvalid(
            [replace(issue, pointer=place + issue.pointer) for issue in error.issues]
        ) from error
    return set_path(document, path, parsed)


def _print_issues(issues: Sequence[Issue]) -> None:
    for issue in issues:
        print(
            f"{issue.pointer or '/'}: {issue.message} {issue.mend} [{issue.code}]", file=sys.stderr
        )
    print(f"{len(issues)} feil.", file=sys.stderr)


class _Progress(AbstractContextManager["_Progress"]):
    """Incumbent, bound, gap and time as they come; Ctrl-C stops the search and keeps the best."""

    def __init__(self, stream: TextIO) -> None:
        self._stop = Event()
        self._live = Live(console=Console(file=stream), transient=True) if stream.isatty() else None
        self._stream = stream
        self._next_line = 0.0
        self._incumbent: float | None = None
        self.watcher = Watcher(on_progress=self._show, should_stop=self._stop.is_set)

    def __enter__(self) -> Self:
        self._former = signal.signal(signal.SIGINT, lambda *_: self._stop.set())
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        signal.signal(signal.SIGINT, self._former)
        if self._live is not None:
            self._live.stop()

    def _show(self, progress: Progress) -> None:
        part = f"{progress.part} av {progress.parts}  " if progress.part is not None else ""
        line = (
            f"{part}{number(progress.seconds, 1)} s  "
            f"beste plan {millions(progress.incumbent_nok)}  "
            f"nedre skranke {millions(progress.bound_nok)}  avvik {percent(progress.gap, 2)}"
        )
        if self._live is not None:
            self._live.update(line)
        elif progress.seconds >= self._next_line or progress.incumbent_nok != self._incumbent:
            print(line, file=self._stream, flush=True)
            self._next_line = progress.seconds + PLAIN_LINE_S
            self._incumbent = progress.incumbent_nok


if __name__ == "__main__":
    sys.exit(main())
