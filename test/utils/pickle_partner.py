"""Python's side of the pickle tests: `generate` creates values, `compare` prints which pairs of pickles differ.

A difference is one that Python can see: in type, in the order of keys, in the sign of a zero.
"""
import base64
import json
import math
import pickle
import random
import struct
import sys

TEXTS = ["", "a", "cart", "line\nend", "back\\slash", "\\u0041", "tab\t\r\0\x1a", "naïve", "日本語", "\U0001f642", "\ud800x", "x" * 127, "y" * 128, "z" * 300, "é" * 200, "__proto__", "constructor"]
NUMBERS = [0, 1, -1, 127, 128, 255, 256, 65535, 65536, 2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 2**53 - 1, 2**53, -(2**53), 2**63, 2**64, -(2**70), 10**40]
FLOATS = [0.0, -0.0, 1.0, 1.5, -2.0, 0.1, 1e16, 1e-5, 1.5e-7, 0.0001, 1e22, 1.7976931348623157e308, 5e-324, math.inf, -math.inf, math.nan, 2.0**53]


class Maker:
    def __init__(self, random, protocol):
        self.random = random
        self.protocol = protocol
        self.made = []

    def scalar(self):
        r = self.random
        kind = r.randrange(7 if self.protocol >= 3 else 6)
        if kind == 0:
            return r.choice([None, True, False])
        if kind == 1:
            return r.choice(NUMBERS)
        if kind == 2:
            return r.choice(FLOATS)
        if kind == 3:
            return struct.unpack(">d", struct.pack(">Q", r.getrandbits(64)))[0]
        if kind == 4:
            return r.getrandbits(r.randrange(1, 120)) * r.choice([1, -1])
        if kind == 6:
            return r.choice([bytes, bytearray] if self.protocol == 5 else [bytes])(r.randbytes(r.choice([0, 1, 9, 300])))
        return r.choice(TEXTS)

    def key(self):
        r = self.random
        kind = r.randrange(10)
        if kind < 6:
            return r.choice(TEXTS + ["7", "10", "2", "007", "1e3"])
        if kind == 6:
            return r.choice(NUMBERS)
        if kind == 7:
            return r.choice(FLOATS[:-2])
        if kind == 8:
            return r.choice([None, True])
        return (r.choice(NUMBERS), r.choice(TEXTS), (1.0, None))

    def dict(self, depth):
        found = {}
        names = set()
        for _ in range(self.random.randrange(6)):
            key = self.key()
            # Two keys with one name in JavaScript are refused, which is tested separately.
            name = {None: "null", True: "true"}.get(key, str(key)) if not isinstance(key, float) else repr(key)
            if name not in names and key not in found:
                names.add(name)
                found[key] = self.value(depth - 1)
        return found

    def value(self, depth):
        r = self.random
        kind = r.randrange(9 if self.protocol >= 4 else 7)
        if depth == 0 or kind < 3:
            return self.scalar()
        if kind == 3 and self.made:
            return r.choice(self.made)
        if kind in (3, 4):
            made = self.dict(depth)
        elif kind == 5:
            made = [self.value(depth - 1) for _ in range(r.randrange(5))]
        elif kind == 6:
            made = tuple(self.value(depth - 1) for _ in range(r.randrange(5)))
        else:
            items = [r.choice([None, *TEXTS, *NUMBERS, *FLOATS[:-1], (1, 2.0), b"b", frozenset([1.0, "a"])]) for _ in range(4)]
            made = set(items) if kind == 7 else frozenset(items)
        self.made.append(made)
        return made


def same(one, two):
    if type(one) is not type(two):
        return False
    if isinstance(one, float):
        return struct.pack(">d", one) == struct.pack(">d", two) or (math.isnan(one) and math.isnan(two))
    if isinstance(one, dict):
        return len(one) == len(two) and all(
            same(a, b) and same(one[a], two[b]) for a, b in zip(one, two)
        )
    if isinstance(one, (list, tuple)):
        return len(one) == len(two) and all(map(same, one, two))
    if isinstance(one, (set, frozenset)):
        return len(one) == len(two) and all(any(same(a, b) for b in two) for a in one)
    return one == two


def generate(seed, count):
    source = random.Random(seed)
    for i in range(count):
        protocol = i % 6
        made = [Maker(source, protocol).value(4)]
        print(base64.b64encode(pickle.dumps(made, protocol)).decode())


def compare(of_json):
    """Lines of two: a pickle, and another pickle or a JSON string, both in base64."""
    for number, line in enumerate(sys.stdin):
        ours, theirs = map(base64.b64decode, line.split(" "))
        expected = json.loads(theirs) if of_json else pickle.loads(theirs)
        found = pickle.loads(ours)
        if not same(found, expected):
            print(f"{number}: {ascii(found)} is not {ascii(expected)}"[:400])


if __name__ == "__main__":
    if sys.argv[1] == "generate":
        generate(int(sys.argv[2]), int(sys.argv[3]))
    else:
        compare(sys.argv[1] == "compare-json")
