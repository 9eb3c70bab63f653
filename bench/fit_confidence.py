"""Fits the weights of the confidence in AI to labelled falls, and says how far they can be trusted.

    python bench/fit_confidence.py [--evidence out/evidence.jsonl] [--fresh] [--months …] [--jobs 2]
        [--tune base company …] [--terms "tie" "group*max(tie,trigger)" …]
        [--moment "next close"] [--weight root] [--folds month] [--ridge 1]

The months and windows are played once, and the evidence on every labelled fall (the fields of ``Evidence``, what it
derives from them, and how unusual the move was) is written to a file, at the fall's own close and at the next one's.
Fits read only that file. ``--fresh`` plays again: needed after every change to how evidence is gathered.

By default the fields of ``Weights`` are fitted through ``weigh`` itself (``--tune``: only these), starting from what
``rules/topics`` gives and held to it by the ridge; each keeps its sign. With ``--terms`` it is a logistic regression on
arithmetic over the names in the file instead (``--names`` lists them; with ``min``, ``max``, ``abs``, ``log2``).

Falls labelled unclear or disputable are left out, as are those without a story about AI, whose confidence is 0. Folds
are calendar months, so that the falls of one session, which are close to one observation, are never on both sides;
``--folds line`` leaves out one line of business of AI's falls at a time instead. Printed beside the fit: the shipped
confidence on the same falls, contagion included, and the same made monotone by isotonic regression, likewise fitted on
the other folds.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import re
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, get_type_hints

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "bench")]

import news  # noqa: E402  # the path comes first
import playing  # noqa: E402
import shocks  # noqa: E402
from ordinary import by_fifths  # noqa: E402
from playing import NEXT_CLOSE, Labelled, Played  # noqa: E402
from tables import table  # noqa: E402

from bot.core.cause.ranking import Evidence, weigh  # noqa: E402
from bot.core.news import Weights  # noqa: E402

FUNCTIONS: dict[str, Any] = {"min": min, "max": max, "abs": abs, "log2": math.log2, "__builtins__": {}}
LEAST = 1e-3
"""Confidences are kept this far from 0 and 1 for the log loss."""
STEPS = 50
SETTLED = 1e-8


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled fall at one moment, with the evidence on it."""

    played: str
    moment: str
    fall: Labelled
    shipped: float
    """The confidence in AI as it is weighed now, contagion included."""
    evidence: Evidence | None
    values: dict[str, float]
    """By name; a field of words is one name for each word it had, with 1."""

    @property
    def month(self) -> str:
        """Of the fall, whatever window it was played in."""
        return self.fall.session.strftime("%Y-%m")

    @property
    def by_ai(self) -> bool:
        """Whether AI caused it."""
        return self.fall.label == "ai"


Predictor = Callable[[Row], float]
Fit = Callable[[Sequence[Row]], tuple[dict[str, float], Predictor]]
"""Fits to rows: the fitted numbers by name, and what they predict."""
SHARES = frozenset({"unconfirmed", "softened", "plain", "one_publisher", "two_publishers"})
"""Weights that are shares or bounds, from 0 to 1."""
FIRST_STEP, LAST_STEP = 0.4, 0.01
"""Of the search for weights, in units of each weight's size."""


def main() -> int:
    """Play where needed, fit and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--evidence", type=Path, default=REPOSITORY / "out" / "evidence.jsonl", help="written and read")
    parser.add_argument("--fresh", action="store_true", help="play again, though the file is there")
    parser.add_argument("--months", default=",".join(playing.MONTHS), help="to play, with commas")
    parser.add_argument("--jobs", type=int, default=2, help="plays at a time")
    parser.add_argument("--names", action="store_true", help="list the names that terms may use, with their spread")
    parser.add_argument("--terms", nargs="+", help="arithmetic over those names, instead of Weights")
    parser.add_argument("--tune", nargs="+", help="fields of Weights to fit; default: all of them")
    parser.add_argument("--moment", choices=("close", "next close", "both"), default=NEXT_CLOSE)
    parser.add_argument(
        "--weight",
        choices=("fall", "root", "session"),
        default="root",
        help="what n falls of one session and label count together: n, the root of n, or 1",
    )
    parser.add_argument("--folds", choices=tuple(FOLDS), default="month", help="what is left out at a time")
    parser.add_argument("--ridge", type=float, default=1.0, help="pulls coefficients to 0; in units of weighted falls")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    asked = parser.parse_args()
    if not shocks.PRICES.is_file():
        print(f"nothing fitted: the development data is not at {shocks.DATA}", file=sys.stderr)
        return 0
    if asked.fresh or not asked.evidence.is_file():
        gather(asked.evidence, [m for m in asked.months.split(",") if m], asked.jobs)
    rows, left_out = usable(read(asked.evidence), asked.moment)
    made = datetime.fromtimestamp(asked.evidence.stat().st_mtime, UTC).isoformat(" ", "minutes")
    print(f"{len(rows)} falls with a story about AI, from {asked.evidence}, played {made}.", file=sys.stderr)
    if asked.names:
        print("\n".join(table(spread(rows), ["name", "least", "mean", "most", "where_ai", "elsewhere"])))
        return 0
    if asked.terms:
        known = {*FUNCTIONS, *(name for row in rows for name in row.values)}
        for term in asked.terms:
            if unknown := set(compile(term, term, "eval").co_names) - known:
                parser.error(f"{term}: no {', '.join(sorted(unknown))} in the evidence; see --names")
        fit = logistic(asked.terms, asked.weight, asked.ridge)
    else:
        shipped = news.vocabulary()[0].weights
        fields = [f.name for f in dataclasses.fields(shipped)]
        if unknown := set(asked.tune or ()) - set(fields):
            parser.error(f"Weights have no {', '.join(sorted(unknown))}, but {', '.join(fields)}")
        fit = tuned(asked.tune or fields, shipped, asked.weight, asked.ridge)
    found = measured(rows, fit, asked.weight, asked.folds) | {"ridge": asked.ridge, "left_out": left_out}
    print(json.dumps(found, indent=1) if asked.json else told(found))
    return 0


# ------------------------------------------------------------------------------------------------------------ evidence


def gather(file: Path, months: Sequence[str], jobs: int) -> None:
    """Play months and windows and write the evidence on their labelled falls, one JSON object a line."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.part")
    with ProcessPoolExecutor(max_workers=max(1, jobs)) as pool, part.open("w", encoding="utf-8") as lines:
        for played in pool.map(playing.play, [*map(playing.month, months), *playing.windows()]):
            print(f"{played.name}: {played.seconds:.0f} s", file=sys.stderr)
            lines.writelines(json.dumps(row, default=str) + "\n" for row in _dumped(played))
    part.replace(file)


def _dumped(played: Played) -> list[dict[str, Any]]:
    return [
        {
            "played": played.name, "moment": moment, "symbol": f.symbol, "session": f.session.isoformat(),
            "change": f.change, "label": f.label, "second": f.second, "sure": f.sure,
            "line": f.line or next(iter(played.exposures.get(f.symbol, ())), ""),
            "topic": r.topic, "best": r.confidence, "ai": r.ai, "words": r.words, "evidence": r.evidence,
            "move": r.move,
        }
        for moment, ranked in played.ranked.items() for f in played.falls if (r := ranked.get(f.key)) is not None
    ]  # fmt: skip


def read(file: Path) -> list[Row]:
    """The rows of the file. Numbers of ``evidence`` keep their names; those of ``move`` too."""
    rows = []
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            r = json.loads(line)
            fall = Labelled(r["symbol"], date.fromisoformat(r["session"]), r["change"], r["label"], r["second"],
                            r["sure"], r["line"])  # fmt: skip
            values = _numbers(r["move"]) | _numbers(r["evidence"]) if r["evidence"] else {}
            rows.append(Row(r["played"], r["moment"], fall, r["ai"], _evidence(r["evidence"]), values))
    return rows


def _evidence(found: dict[str, Any]) -> Evidence | None:
    """The evidence as it was weighed; ``None`` where there was none, or other fields then."""
    kinds = get_type_hints(Evidence)
    if not kinds.keys() <= found.keys():
        return None
    return Evidence(**{name: kind(found[name]) for name, kind in kinds.items()})


def _numbers(fields: dict[str, Any]) -> dict[str, float]:
    numbers = {name: float(value) for name, value in fields.items() if isinstance(value, int | float)}
    words = {name: value for name, value in fields.items() if isinstance(value, str) and value}
    return numbers | {re.sub(r"\W", "_", f"{name}_{value}"): 1.0 for name, value in words.items()}


def usable(rows: Sequence[Row], moment: str) -> tuple[list[Row], dict[str, int]]:
    """The rows to fit on, one for each fall and moment, and how many were left out and why."""
    out: Counter[str] = Counter()
    kept: dict[tuple[str, date, str], Row] = {}
    for row in rows:
        if moment not in (row.moment, "both"):
            continue
        key = (*row.fall.key, row.moment)
        if row.fall.label == "unclear" or row.fall.disputable:
            out["unclear or disputable"] += 1
        elif not row.values:
            out[f"no story about AI, labelled {'ai' if row.by_ai else 'otherwise'}"] += 1
        elif key in kept:
            out["played twice: in a month and a window"] += 1
        else:
            kept[key] = row
    return list(kept.values()), dict(out)


def spread(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The names of the file with the spread of their values."""

    def mean(values: list[float]) -> float | None:
        return round(sum(values) / len(values), 2) if values else None

    found = []
    for name in sorted({n for row in rows for n in row.values}):
        values = [row.values.get(name, 0.0) for row in rows]
        found.append({
            "name": name, "least": round(min(values), 2), "mean": mean(values), "most": round(max(values), 2),
            "where_ai": mean([r.values.get(name, 0.0) for r in rows if r.by_ai]),
            "elsewhere": mean([r.values.get(name, 0.0) for r in rows if not r.by_ai]),
        })  # fmt: skip
    return found


# ------------------------------------------------------------------------------------------------------------- fitting


def logistic(terms: Sequence[str], weight: str, ridge: float) -> Fit:
    """Fits an intercept and a coefficient for each term; returns them and what they predict."""
    compiled = [compile(term, term, "eval") for term in terms]
    absent = dict.fromkeys((name for term in compiled for name in term.co_names), 0.0)

    def inputs(row: Row) -> list[float]:
        names = absent | row.values | FUNCTIONS
        return [1.0, *(float(eval(term, names)) for term in compiled)]  # the developer's own arithmetic

    def fit(rows: Sequence[Row]) -> tuple[dict[str, float], Predictor]:
        coefficients = newton([inputs(r) for r in rows], [r.by_ai for r in rows], weights(rows, weight), ridge)
        named = dict(zip(["base", *terms], coefficients, strict=True))
        return named, lambda row: _sigmoid(_dot(coefficients, inputs(row)))

    return fit


def tuned(names: Sequence[str], shipped: Weights, weight: str, ridge: float) -> Fit:
    """Fits fields of ``Weights`` through ``weigh``, by a search along each in turn with ever smaller steps: with its
    bounds and shares the confidence has no slope everywhere."""
    size = {name: max(abs(getattr(shipped, name)), 0.25) for name in names}

    def allowed(name: str, value: float) -> bool:
        start = getattr(shipped, name)
        return 0 <= value <= 1 if name in SHARES else value * start >= 0

    def fit(rows: Sequence[Row]) -> tuple[dict[str, float], Predictor]:
        cases: Counter[tuple[Evidence, bool]] = Counter()
        for row, w in zip(rows, weights(rows, weight), strict=True):
            if row.evidence is not None:
                cases[row.evidence, row.by_ai] += w  # type: ignore[assignment]  # not whole numbers

        def loss(tried: Weights) -> float:
            told = ((w, min(max(weigh(e, tried)[0], LEAST), 1 - LEAST), ai) for (e, ai), w in cases.items())
            strayed = sum(((getattr(tried, n) - getattr(shipped, n)) / size[n]) ** 2 for n in names)
            return float(ridge / 2 * strayed - sum(w * math.log(p if ai else 1 - p) for w, p, ai in told))

        best, least, step = shipped, loss(shipped), FIRST_STEP
        while step > LAST_STEP:
            before = least
            for name in names:
                for way in (step, -step):
                    value = getattr(best, name) + way * size[name]
                    if allowed(name, value) and (found := loss(tried := replace(best, **{name: value}))) < least:
                        best, least = tried, found
                        break
            if least > before - 1e-3:
                step /= 2
        return {n: getattr(best, n) for n in names}, lambda r: weigh(r.evidence, best)[0] if r.evidence else 0.0

    return fit


def newton(xs: Sequence[Sequence[float]], ys: Sequence[bool], ws: Sequence[float], ridge: float) -> list[float]:
    """The coefficients that minimise the weighted log loss plus ``ridge``/2 times the squares of all but the first,
    each in units of its term's spread, so that the scale of a term makes no difference."""
    size = len(xs[0])
    total = sum(ws)
    penalty = [0.0] * size
    for i in range(1, size):
        mean = sum(w * x[i] for w, x in zip(ws, xs, strict=True)) / total
        penalty[i] = ridge * sum(w * (x[i] - mean) ** 2 for w, x in zip(ws, xs, strict=True)) / total + 1e-9
    b = [0.0] * size
    for _ in range(STEPS):
        gradient = [penalty[i] * b[i] for i in range(size)]
        hessian = [[penalty[i] if i == j else 0.0 for j in range(size)] for i in range(size)]
        for x, y, w in zip(xs, ys, ws, strict=True):
            p = _sigmoid(_dot(b, x))
            slope, curve = w * (p - y), max(w * p * (1 - p), 1e-9)
            for i in range(size):
                gradient[i] += slope * x[i]
                for j in range(size):
                    hessian[i][j] += curve * x[i] * x[j]
        step = solve(hessian, gradient)
        longest = max(map(abs, step))
        damped = min(1.0, 4.0 / longest) if longest > 0 else 1.0
        b = [v - damped * s for v, s in zip(b, step, strict=True)]
        if longest < SETTLED:
            break
    return b


def solve(matrix: Sequence[Sequence[float]], right: Sequence[float]) -> list[float]:
    """Solve linear equations by elimination with pivots."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    size = len(rows)
    for i in range(size):
        pivot = max(range(i, size), key=lambda r: abs(rows[r][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        for r in range(i + 1, size):
            factor = rows[r][i] / rows[i][i]
            rows[r] = [a - factor * b for a, b in zip(rows[r], rows[i], strict=True)]
    found = [0.0] * size
    for i in reversed(range(size)):
        found[i] = (rows[i][size] - sum(rows[i][j] * found[j] for j in range(i + 1, size))) / rows[i][i]
    return found


def isotonic(weight: str) -> Fit:
    """The shipped confidence made monotone: pool adjacent violators (Ayer et al. 1955), linear between the blocks."""

    def fit(rows: Sequence[Row]) -> tuple[dict[str, float], Predictor]:
        blocks: list[list[float]] = []  # weighted confidence, weighted hits, weight
        for row, w in sorted(zip(rows, weights(rows, weight), strict=True), key=lambda r: r[0].shipped):
            blocks.append([w * row.shipped, w * row.by_ai, w])
            while len(blocks) > 1 and blocks[-2][1] / blocks[-2][2] >= blocks[-1][1] / blocks[-1][2]:
                last = blocks.pop()
                blocks[-1] = [a + b for a, b in zip(blocks[-1], last, strict=True)]
        points = [(c / w, h / w) for c, h, w in blocks]

        def predict(row: Row) -> float:
            before = max((p for p in points if p[0] <= row.shipped), default=points[0])
            after = min((p for p in points if p[0] >= row.shipped), default=points[-1])
            if after[0] <= before[0]:
                return before[1]
            return before[1] + (after[1] - before[1]) * (row.shipped - before[0]) / (after[0] - before[0])

        return {}, predict

    return fit


FOLDS: dict[str, Callable[[Row], str]] = {
    "month": lambda row: row.month,
    "line": lambda row: f"AI: {row.fall.line or 'none described'}" if row.by_ai else row.month,
}
"""``line``: AI's falls by line of business, the others by month. Most of AI's falls are of one session; without its
month nothing is left to learn from, and leaving out a line at least asks whether the rest tells of that line."""


def weights(rows: Sequence[Row], kind: str) -> list[float]:
    """How much each row counts: falls of one session with one label are not independent."""
    alike = Counter((r.fall.session, r.by_ai, r.moment) for r in rows)
    power = {"fall": 0.0, "root": 0.5, "session": 1.0}[kind]
    return [alike[r.fall.session, r.by_ai, r.moment] ** -power for r in rows]


def _dot(a: Sequence[float], b: Sequence[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-min(max(x, -40.0), 40.0)))


# ----------------------------------------------------------------------------------------------------------- measuring


def measured(rows: Sequence[Row], fit: Fit, weight: str, folds: str) -> dict[str, Any]:
    """The fit on all rows, and how it, the shipped confidence and the isotonic one do on what they were not fitted
    to."""
    fitted, in_sample = fit(rows)
    of = FOLDS[folds]
    unseen: dict[str, list[tuple[Row, float]]] = {"fitted": [], "isotonic": []}
    varied: list[dict[str, float]] = []
    by_fold = []
    for fold in sorted({of(r) for r in rows}):
        others, here = [r for r in rows if of(r) != fold], [r for r in rows if of(r) == fold]
        without, predict = fit(others)
        _, monotone = isotonic(weight)(others)
        varied.append(without)
        unseen["fitted"] += [(r, predict(r)) for r in here]
        unseen["isotonic"] += [(r, monotone(r)) for r in here]
        by_fold.append({
            "left_out": fold, "falls": len(here), "ai": sum(r.by_ai for r in here),
            "ai_fitted_on": sum(r.by_ai for r in others),
            "shipped": _loss([(r, r.shipped) for r in here]),
            "fitted": _loss([(r, predict(r)) for r in here]),
        })  # fmt: skip
    predicted = {
        "shipped": [(r, r.shipped) for r in rows],
        "fitted, in sample": [(r, in_sample(r)) for r in rows],
        "fitted, on what was left out": unseen["fitted"],
        "isotonic, on what was left out": unseen["isotonic"],
    }
    return {
        "falls": len(rows),
        "ai": sum(r.by_ai for r in rows),
        "ai_sessions": len({r.fall.session for r in rows if r.by_ai}),
        "weight": weight,
        "folds": folds,
        "fitted": [
            {"weight": name, "value": round(value, 3), "least": round(min(v[name] for v in varied), 3),
             "most": round(max(v[name] for v in varied), 3)}
            for name, value in fitted.items()
        ],
        "losses": [
            {"confidence": name, "log_loss": _loss(some), "brier": _brier(some), "from_0.6": _from(some, 0.6)}
            for name, some in predicted.items()
        ],
        "by_fold": by_fold,
        "calibration": {name: by_fifths([(r.fall, p, r.by_ai) for r, p in some]) for name, some in predicted.items()},
    }  # fmt: skip


def _loss(some: Sequence[tuple[Row, float]]) -> float:
    kept = [(r, min(max(p, LEAST), 1 - LEAST)) for r, p in some]
    return round(-sum(math.log(p if r.by_ai else 1 - p) for r, p in kept) / len(kept), 3)


def _brier(some: Sequence[tuple[Row, float]]) -> float:
    return round(sum((p - r.by_ai) ** 2 for r, p in some) / len(some), 3)


def _from(some: Sequence[tuple[Row, float]], least: float) -> str:
    said = [r for r, p in some if p >= least]
    return f"{sum(r.by_ai for r in said)} right of {len(said)}"


def told(found: dict[str, Any]) -> str:
    """The tables, as Markdown."""
    out = [
        f"{found['falls']} falls with a story about AI, {found['ai']} of them by AI, on {found['ai_sessions']} "
        f"sessions. Left out: {'; '.join(f'{n} {why}' for why, n in found['left_out'].items())}.",
        f"Weight by {found['weight']}, ridge {found['ridge']:g}. Least and most: with one {found['folds']} left out.",
        "",
        *table(found["fitted"], ["weight", "value", "least", "most"]),
        "",
        *table(found["losses"], ["confidence", "log_loss", "brier", "from_0.6"]),
        "",
        "Log loss of each part, the fit without it:",
        "",
        *table(found["by_fold"], ["left_out", "falls", "ai", "ai_fitted_on", "shipped", "fitted"]),
    ]
    for name, rows in found["calibration"].items():
        out += ["", f"{name.capitalize()}:", "", *table(rows, list(rows[0]))]
    return "\n".join(out)


if __name__ == "__main__":
    raise SystemExit(main())
