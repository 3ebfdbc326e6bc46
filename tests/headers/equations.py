#!/usr/bin/env python3
"""Checks that loops and comments of headers refer to their equations.

The head of a header, its comment before #pragma once, numbers equations in a column:

    //   (1)  y = x w^T + b

- Numbers start at 1, and each occurs once.
- Each equation is named below the head: a comment at its loop says (1), (1) and (2), or (1) to (3).
  Or its lines in the head name the header with the loop: `gru.hpp (2) to (4)`.
- A comment names only numbers that are in the head. `(3) of kernel/ctc.hpp` and `kernel/ctc.hpp (3)`
  are numbers of that header.
- A head with equations says where its notation is reported.

    equations.py [include/glimpse]      prints what is wrong, and ends with 1 where something is
"""
import pathlib
import re
import sys

NOTATION = "// Notation: docs/math/notation.md."
EQUATION = re.compile(r"^//\s{2,}(?:\w+\s{2,})?\((\d+)\)\s")
NUMBERS = r"\((\d+)\)(?:(?:,| and| to|, and) \((\d+)\))*"
HEADER = r"([\w/]+\.hpp)"
ELSEWHERE = [re.compile(rf"({NUMBERS}) (?:of|in) {HEADER}"),
             re.compile(rf"{HEADER},? ({NUMBERS})")]
ONE = re.compile(r"(?<![\w)\]])\((\d+)\)")
RANGE = re.compile(r"\((\d+)\) to \((\d+)\)")


def numbers_in(text):
    found = {int(n) for n in ONE.findall(text)}
    for a, b in RANGE.findall(text):
        found |= set(range(int(a), int(b) + 1))
    return found


class Header:
    def __init__(self, path):
        self.path = path
        lines = path.read_text().split("\n")
        cut = lines.index("#pragma once") if "#pragma once" in lines else 0
        self.head = lines[:cut]
        # Comments below, neighboring lines as one text: a reference may run over a line's end.
        self.comments = []
        block = []
        for line in lines[cut:] + [""]:
            at = line.find("//")
            if at >= 0 and (at == 0 or line[at - 1] in " \t"):
                block.append(line[at:].lstrip("/ "))
                if line[:at].strip():  # beside code: a comment of its own
                    self.comments.append(" ".join(block))
                    block = []
            elif block:
                self.comments.append(" ".join(block))
                block = []
        self.equations = {}  # number: its lines in the head
        self.texts = []  # the head's texts: equations and paragraphs, each as one line
        self.faults = []
        current = None
        block = []
        for line in self.head:
            match = EQUATION.match(line)
            if match or line.strip("/ ") == "":
                self.texts.append(" ".join(block))
                block = []
            block.append(line.strip("/ "))
            if match:
                current = int(match[1])
                if current in self.equations:
                    self.faults.append(f"({current}) is in the head twice")
                self.equations[current] = ""
            elif line.strip("/ ") == "":
                current = None
            if current:
                self.equations[current] += " " + line.strip("/ ")
        self.texts.append(" ".join(block))


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else
                        pathlib.Path(__file__).parents[2] / "include" / "glimpse")
    headers = {h: Header(root / h) for h in
               sorted(str(p.relative_to(root)) for p in root.rglob("*.hpp"))}

    def find(name, near):
        """The header that `name` means in the comments of header `near`."""
        folder = str(pathlib.PurePath(near).parent)
        for candidate in (f"{folder}/{name}", name):
            if candidate in headers:
                return candidate
        ends = [h for h in headers if h.endswith("/" + name)]
        return ends[0] if len(ends) == 1 else None

    bad = 0
    own_marks = {}
    for name, h in headers.items():
        own = set()
        # A head may borrow the equations of another header for the loops below.
        borrowed = re.search(rf"equations {NUMBERS} of {HEADER}", " ".join(h.texts))
        for is_head, text in [(True, t) for t in h.texts] + [(False, c) for c in h.comments]:
            for k, pattern in enumerate(ELSEWHERE):
                for match in pattern.finditer(text):
                    header, run = (match[4], match[1]) if k == 0 else (match[1], match[2])
                    to = find(header, name)
                    if not to:
                        h.faults.append(f"points to {header}, which is not there")
                        continue
                    for n in numbers_in(run) - set(headers[to].equations):
                        h.faults.append(f"names ({n}) of {to}, which has no such equation")
                text = pattern.sub(" ", text)
            if not is_head and not (borrowed and not h.equations):
                own |= numbers_in(text)
        if borrowed and not h.equations:
            to = find(borrowed[3], name)
            marks = set().union(*[numbers_in(t) for t in h.comments]) if h.comments else set()
            for n in marks - set(headers[to].equations if to else {}):
                h.faults.append(f"names ({n}) of {borrowed[3]}, which has no such equation")
        own_marks[name] = own

    count = 0
    for name, h in headers.items():
        count += len(h.equations)
        if h.equations and sorted(h.equations) != list(range(1, len(h.equations) + 1)):
            h.faults.append(f"numbers its equations {sorted(h.equations)}")
        for n, text in h.equations.items():
            points = [find(f, name) for f in re.findall(HEADER, text)]
            elsewhere = any(p and p != name and headers[p].equations for p in points)
            if n not in own_marks[name] and not elsewhere:
                h.faults.append(f"({n}) is named by no comment below")
        if h.equations:  # elsewhere (12) may be part of an example
            for n in sorted(own_marks[name] - set(h.equations)):
                h.faults.append(f"a comment names ({n}), the head has no such equation")
        if h.equations and NOTATION not in h.head:
            h.faults.append(f"lacks the line '{NOTATION}'")
        for fault in h.faults:
            print(f"{name}: {fault}")
            bad += 1
    print(f"{count} equations, {bad} faults")
    return 1 if bad or not count else 0


if __name__ == "__main__":
    sys.exit(main())
