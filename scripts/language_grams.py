#!/usr/bin/env python3
"""Writes the runs of letters that tell languages apart, for `make_panel`.

    pip install 'lingua-language-detector<2' brotli
    ./scripts/language_grams.py OUT.tsv

Reads the n-gram models (Apache-2.0) inside the package lingua-language-detector, keeps the most frequent runs of each
length and language, and writes each with its cost there: -log of the last letter's probability after those before it.
"""

import collections
import importlib.util
import json
import math
import pathlib
import sys

import brotli

LANGUAGES = (
    "ar bg bn ca cs da de el en es et fa fi fr he hi hr hu id it ja ko lt lv nb nl pl pt ro ru sk sl sr sv th tr uk ur vi zh"
).split()
LENGTHS = {1: "unigrams", 2: "bigrams", 3: "trigrams", 4: "quadrigrams", 5: "fivegrams"}
MOST = {3: 8000, 4: 25000, 5: 30000}


def runs_of(folder):
    """Every kept run of a language with its cost."""
    joint = {}
    for length, name in LENGTHS.items():
        file = folder / f"{name}.json.br"
        if not file.exists():
            continue
        found = []
        for share, runs in json.loads(brotli.decompress(file.read_bytes()))["ngrams"].items():
            part, whole = share.split("/")
            cost = -math.log(int(part) / int(whole))
            for run in runs.split(" "):
                found.append((joint.get(run[:-1], 20 if length > 1 else 0) + cost, run, cost))
        found.sort()
        for total, run, cost in found[: MOST.get(length)]:
            joint[run] = total
            yield run, cost


def main():
    # Only its data is wanted, so the package is found but not loaded.
    models = pathlib.Path(importlib.util.find_spec("lingua").origin).parent / "language-models"
    costs = collections.defaultdict(list)
    for number, language in enumerate(LANGUAGES):
        for run, cost in runs_of(models / language):
            costs[run].append(f"{number}:{cost:.3f}")
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        print(" ".join(LANGUAGES), file=out)
        for run in sorted(costs):
            print(run, " ".join(costs[run]), sep="\t", file=out)


if __name__ == "__main__":
    main()
