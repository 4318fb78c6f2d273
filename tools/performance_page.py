"""Make the tables and pictures of docs/performance.md from what the benchmarks kept.

    python tools/performance_page.py

The newest figure of each kind and size counts; `bench/measured.tsv` has them all, with the commits they are of, and
a table of its own has what was measured at several of them.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).parents[1]
MEASURED = TOP / "bench" / "measured.tsv"
PAGE = TOP / "docs" / "performance.md"
IMAGES = TOP / "docs" / "images"
BEGIN, END = "<!-- measured -->", "<!-- end of measured -->"
BEGIN_COMMITS, END_COMMITS = "<!-- over commits -->", "<!-- end of over commits -->"
BEGIN_SITE, END_SITE = "<!-- the site -->", "<!-- end of the site -->"

USUAL = "mock_aws and new clients each / slrspec"
# What is wanted of each figure, and the command that gives it: name, (at least | at most, number) by size, command.
GOALS: tuple[tuple[str, str, dict[int, tuple[str, float]], str], ...] = (
    (
        "suite / bare script",
        "suite / bare script with the very same calls",
        dict.fromkeys((30, 300, 3000), ("≤", 1.25)),
        "against_bare.py",
    ),
    (
        "suite / bare script, disk cache empty",
        "the same, cold: the disk's cache empty",
        dict.fromkeys((30, 300, 3000), ("≤", 1.25)),
        "against_bare.py --cold",
    ),
    (
        "suite / bare script, uncompiled",
        "the same, each module compiled anew",
        dict.fromkeys((30, 300), ("≤", 1.25)),
        "against_bare.py --uncompiled",
    ),
    (
        "suite / bare script, instructions",
        "suite / bare script, by instructions counted",
        {},
        "instructions.py",
    ),
    (
        f"pytest-bdd, {USUAL}",
        "plain pytest-bdd as usually written / suite",
        {300: ("≥", 20)},
        "against_usual.py",
    ),
    (
        f"pytest-bdd, {USUAL} with two workers",
        "plain pytest-bdd as usually written / suite with two workers",
        {300: ("≥", 20)},
        "against_usual.py",
    ),
    (
        f"behave, {USUAL}",
        "behave as usually written / suite",
        {30: ("≥", 4), 300: ("≥", 9)},
        "against_usual.py",
    ),
    (
        "behave with all our tuning / slrspec",
        "behave with all our tuning / suite",
        dict.fromkeys((30, 300), ("≥", 0.83)),
        "against_usual.py",
    ),
    (
        "suite / behave with all our tuning, instructions",
        "suite / behave with all our tuning, by instructions counted",
        {},
        "instructions.py",
    ),
    ("2 workers / 1", "two workers / one", {300: ("≤", 0.7), 3000: ("≤", 0.58)}, "workers.py"),
    ("2 runs at once, a share of it / 1", "half of what two runs at once take / one", {}, "workers.py"),
    (
        "warm re-run / cold run, one changed feature",
        "warm re-run of a changed feature / cold run of all",
        dict.fromkeys((30, 300), ("≤", 0.4)),
        "workers.py",
    ),
    ("warm re-run / cold run, all changed", "warm re-run of all / cold run of all", {30: ("≤", 0.4)}, "workers.py"),
    (
        "cost per scenario / that at the first size",
        "cost of a scenario / that at 344, which is run before and after",
        {10_000: ("≤", 1.05)},
        "growth_of_suite.py",
    ),
    (
        "peak memory / that at the first size",
        "peak of memory / that at 344",
        {},
        "growth_of_suite.py",
    ),
    (
        "validated records / json.loads, with evidence",
        "results loaded and validated / `json.loads`",
        {10_000: ("≤", 1)},
        "loading.py",
    ),
)
COST, MEMORY = "cost per scenario, ms of the processor", "peak memory, MB"
WIDTH, HEIGHT, LEFT, BOTTOM, TOP_MARGIN, RIGHT = 640, 260, 56, 36, 34, 20


@dataclass(frozen=True)
class Figure:
    """One figure: its median and its range."""

    day: str
    commit: str
    value: float
    lowest: float
    highest: float


def read_all() -> dict[tuple[str, int], list[Figure]]:
    """Return the figures of what was measured, and of its size, from the oldest to the newest."""
    found: dict[tuple[str, int], list[Figure]] = {}
    with MEASURED.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream, delimiter="\t"):
            value, lowest, highest = (float(row[name]) for name in ("value", "lowest", "highest"))
            figure = Figure(row["day"], row["commit"], value, lowest, highest)
            found.setdefault((row["what"], int(row["size"])), []).append(figure)
    return found


def read() -> dict[str, dict[int, Figure]]:
    """Return the newest figures, by what was measured and by size."""
    found: dict[str, dict[int, Figure]] = {}
    for (what, size), figures in read_all().items():
        found.setdefault(what, {})[size] = figures[-1]
    return found


def main() -> None:
    """Write the page's part and the pictures."""
    figures = read()
    text = PAGE.read_text(encoding="utf-8")
    for begin, part, end in (
        (BEGIN, tables(figures), END),
        (BEGIN_COMMITS, over_commits(read_all()), END_COMMITS),
        (BEGIN_SITE, of_the_site(figures), END_SITE),
    ):
        before, _, rest = text.partition(begin)
        _, _, after = rest.partition(end)
        text = f"{before}{begin}\n{part}\n{end}{after}"
    PAGE.write_text(text, encoding="utf-8")
    for name, picture in pictures(figures).items():
        (IMAGES / name).write_text(picture, encoding="utf-8")


def tables(figures: dict[str, dict[int, Figure]]) -> str:
    """Return the table of ratios with their goals, as Markdown."""
    lines = ["", "| ratio | size | measured | goal | command in `bench` |", "|---|--:|---|---|---|"]
    for what, said, goals, command in GOALS:
        for size, figure in sorted(figures.get(what, {}).items()):
            near = (wanted for goal, wanted in goals.items() if abs(math.log(goal / size)) < math.log(1.5))
            goal = next(near, None)
            lines.append(f"| {said} | {size:,} | {_shown(figure)} | {_judged(goal, figure)} | `{command}` |")
    days = sorted({f.day for of in figures.values() for f in of.values()})
    commits = sorted({f.commit for of in figures.values() for f in of.values()})
    lines += ["", f"Measured {' and '.join(days)} at {', '.join(f'`{one}`' for one in commits)}.", ""]
    return "\n".join(lines)


def over_commits(figures: dict[tuple[str, int], list[Figure]]) -> str:
    """Return a table of the ratios that were measured at several commits, as Markdown.

    All figures of a ratio are in one cell, which wraps: a column for each commit would be wider than a phone.
    """
    lines = ["", "| ratio | size | measured, the oldest first |", "|---|--:|---|"]
    for what, said, _, _ in GOALS:
        for size in sorted(size for name, size in figures if name == what and len(figures[name, size]) > 1):
            of = ", ".join(f"{figure.value:.4g} at `{figure.commit}`" for figure in figures[what, size])
            lines.append(f"| {said} | {size:,} | {of} |")
    return "\n".join([*lines, ""])


def of_the_site(figures: dict[str, dict[int, Figure]]) -> str:
    """Return the tables of what a site of some size takes, by evidence pages and by rules, as Markdown."""
    lines = []
    for what, unit in (("site", "evidence pages"), ("site by rules", "rules")):
        report, whole, size = (
            figures[f"{what}, {one}"] for one in ("report, seconds", "whole, seconds", "whole, MB")
        )
        lines += ["", f"| {unit} | `slrspec report` | `slrspec site`, whole | size | each further one |"]
        lines.append("|--:|--:|--:|--:|--:|")
        before = 0
        for number in sorted(report):
            line = f"| {number:,} | {report[number].value:.3g} s | {whole[number].value:.3g} s "
            line += f"| {size[number].value:.3g} MB | "
            if before:
                seconds, megabytes = (of[number].value - of[before].value for of in (whole, size))
                further = number - before
                line += f"{seconds / further * 1000:.0f} ms, {megabytes / further * 1000:.0f} KB "
            lines.append(f"{line}|")
            before = number
    return "\n".join([*lines, ""])


def _shown(figure: Figure) -> str:
    if figure.lowest == figure.highest:
        return f"{figure.value:.4g}"
    return f"**{figure.value:.4g}** ({figure.lowest:.3g} to {figure.highest:.3g})"


def _judged(goal: tuple[str, float] | None, figure: Figure) -> str:
    if goal is None:
        return ""
    sign, wanted = goal
    met = figure.value <= wanted if sign == "≤" else figure.value >= wanted
    return f"{sign} {wanted:g}: {'met' if met else '**not met**'}"


def pictures(figures: dict[str, dict[int, Figure]]) -> dict[str, str]:
    """Return the growth curves as SVG, by the names of their files."""
    drawn = {}
    for name, what, title, unit, across in (
        ("growth-cost.svg", COST, "Cost per scenario", "ms of the processor", "scenarios"),
        ("growth-memory.svg", MEMORY, "Peak memory", "MB", "scenarios"),
        ("growth-site.svg", "site, whole, seconds", "Building the site", "seconds", "evidence pages"),
        ("growth-rules.svg", "site by rules, whole, seconds", "Building the site", "seconds", "rules"),
    ):
        if of := figures.get(what):
            points = [(size, figure.value) for size, figure in sorted(of.items())]
            drawn[name] = curve(points, title, unit, across)
    return drawn


def curve(points: list[tuple[int, float]], title: str, unit: str, across: str) -> str:
    """Return a curve through some points, both scales from 0, each point with its figures."""
    right, top = points[-1][0], max(value for _, value in points) * 1.25

    def place(size: float, value: float) -> tuple[float, float]:
        x = LEFT + (WIDTH - LEFT - RIGHT) * size / right
        y = HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP_MARGIN) * value / top
        return round(x, 1), round(y, 1)

    line = " ".join(f"{x},{y}" for x, y in (place(*point) for point in points))
    dots = []
    for size, value in points:
        x, y = place(size, value)
        anchor = "end" if x > WIDTH / 2 else "start"
        dots.append(
            f'<circle cx="{x}" cy="{y}" r="4" fill="#5c6bc0"/>'
            f'<text x="{x}" y="{y - 10}" text-anchor="{anchor}">{size:,}: {value:.3g}</text>'
        )
    (left, floor), (end, _) = place(0, 0), place(right, 0)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'role="img" aria-label="{title}, {unit}" font-family="sans-serif" font-size="13" fill="#777">\n'
        f'<text x="{LEFT}" y="18" font-size="15">{title} ({unit}), by number of {across}</text>\n'
        f'<path d="M{left},{TOP_MARGIN} V{floor} H{end}" fill="none" stroke="#999"/>\n'
        f'<polyline points="{line}" fill="none" stroke="#5c6bc0" stroke-width="2"/>\n'
        + "\n".join(dots)
        + f'\n<text x="{left - 6}" y="{floor + 4}" text-anchor="end">0</text>\n</svg>\n'
    )


if __name__ == "__main__":
    main()
