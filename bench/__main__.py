"""Measure the server against a bare relay, and what contexts cost: `make bench`."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from bench import (
    browser,
    decoder,
    economics,
    kills,
    load,
    memory,
    page,
    search,
    sends,
    streams,
    viewers,
)
from bench.figures import Figure, render_table, write_json
from bench.machine import describe, keep_to_tools_core
from bench.options import QUICK, Options
from tests.environment import ROOT

RESULTS = ROOT / "var" / "bench.json"

SECTIONS: dict[str, Callable[[Options], list[Figure]]] = {
    "streams": streams.measure,
    "viewers": viewers.measure,
    "send": sends.measure,
    "memory": memory.measure,
    "load": load.measure,
    "page": page.measure,
    "browser": browser.measure,
    "decoder": decoder.measure,
    "economics": economics.measure,
    "search": search.measure,
    "kills": kills.measure,
}


def main() -> None:
    chosen = _parser().parse_args()
    options = _options(chosen)
    keep_to_tools_core()
    figures: list[Figure] = []
    for name in chosen.sections or SECTIONS:
        began = time.monotonic()
        print(f"Measuring {name} …", flush=True)
        figures += SECTIONS[name](options)
        print(f"  {time.monotonic() - began:.0f} s", flush=True)
    _report(figures)


def _report(figures: Sequence[Figure]) -> None:
    print(f"\n{render_table(figures)}\n")
    print(f"Load average: {os.getloadavg()[0]:.1f}. What others use makes all later.")
    write_json(RESULTS, figures, describe())
    print(f"Written to {RESULTS.relative_to(ROOT)}.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="section", help=_sections())
    parser.add_argument("--quick", action="store_true", help="a short look")
    parser.add_argument("--kills", type=int, help="how often to SIGKILL the server")
    parser.add_argument(
        "--plot", action="store_true", help="draw docs/images/context.svg anew"
    )
    return parser


def _sections() -> str:
    return f"one or more of: {', '.join(SECTIONS)}; all unless named"


def _options(chosen: argparse.Namespace) -> Options:
    options = replace(QUICK if chosen.quick else Options(), plot=chosen.plot)
    return options if chosen.kills is None else replace(options, kills=chosen.kills)


if __name__ == "__main__":
    main()
