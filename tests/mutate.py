#!/usr/bin/env python3
"""Changes one term of the library at a time, and checks that a test fails.

tests/mutations.tsv has one line per mistake:

    name <tab> header <tab> term <tab> wrong <tab> tests that must fail

header   a path below include/glimpse.
term     a part of the header that occurs there exactly once: an expression, or a statement with
         its `;`.
wrong    the replacement of the term.
tests    files below tests/ without .cpp, and after a colon the test cases that detect the mistake:
         ops/lstm, or text/ctc:ctc_beam*. If several are listed, each must fail.

    mutate.py [--only NAME] [--slice i/n] [--jobs n] [--list] [--positions]

All mistakes are compiled into one copy of the headers. Each has a number:
`(mutation == 7 ? (wrong) : (term))`. The environment of a run selects the number. A test program is
therefore built only once for all its mistakes. With number 0, no mistake, the tests must pass. The
copy has only the baseline instruction set, which compiles three times as fast.

NAME: a name, or a part of one. i/n: the i-th of n slices. A slice groups the mistakes of a test
program. build/mutate caches unchanged programs. CXX and CXXFLAGS have their usual meaning.
"""
import argparse
import concurrent.futures
import hashlib
import itertools
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
TABLE = ROOT / "tests" / "mutations.tsv"
CACHE = ROOT / "build" / "mutate"
TIMEOUT = 600  # seconds of a run; a mistake that makes a test hang also counts as detected
LEVELS = "defined(__x86_64__) || defined(__i386__)"

SWITCH = """#pragma once
#include <cstdlib>
namespace glimpse {
inline const int mutation = [] {
  const char* number = std::getenv("GLIMPSE_MUTATION");
  return number ? std::atoi(number) : 0;
}();
}  // namespace glimpse
"""

# The products that most programs call and that take longest to compile.
FRONT = """#pragma once
#include "tests/catch.hpp"
#include <glimpse/ops/linear.hpp>
#include <glimpse/ops/matmul.hpp>
#include <glimpse/simd/gemm.hpp>
#include <glimpse/simd/packed.hpp>
#ifndef PRODUCTS
#define PRODUCTS extern
#endif
namespace glimpse::inline v0 {
#define PRODUCTS_OF(T) \\
  PRODUCTS template void simd::gemm(simd::Trans, simd::Trans, Index, Index, Index, T, const T*, \\
                                    Index, const T*, Index, T, T*, Index, \\
                                    const simd::Epilogue<T>&); \\
  PRODUCTS template void simd::gemm(simd::Trans, Index, T, const T*, Index, \\
                                    const simd::PackedB<T>&, T, T*, Index, \\
                                    const simd::Epilogue<T>&); \\
  PRODUCTS template void simd::gemm_batched(Index, simd::Trans, simd::Trans, Index, Index, Index, \\
                                            T, const T*, Index, Index, const T*, Index, Index, T, \\
                                            T*, Index, Index, const simd::Epilogue<T>&); \\
  PRODUCTS template simd::PackedB<T> simd::pack_b(simd::Trans, Index, Index, const T*, Index); \\
  PRODUCTS template Variable<T> matmul(const Variable<T>&, const Variable<T>&); \\
  PRODUCTS template Variable<T> linear(const Variable<T>&, const Variable<T>&, const Variable<T>&)
PRODUCTS_OF(float);
PRODUCTS_OF(double);
}  // namespace glimpse::inline v0
"""


class Mutation:
    def __init__(self, number, line):
        fields = line.split("\t")
        if len(fields) != 5:
            sys.exit(f"mutations.tsv: expected 5 columns, got {len(fields)}: {line}")
        self.number = number
        self.name, self.header, self.term, self.wrong, tests = (f.strip() for f in fields)
        self.tests = []  # (file, filter)
        for test in tests.split(" | "):
            file, _, cases = test.partition(":")
            self.tests.append((file, cases))

    def text(self):
        if self.term.endswith(";"):
            return (f"{{ if (::glimpse::mutation == {self.number}) {{ {self.wrong} }} "
                    f"else {{ {self.term} }} }}")
        return f"(::glimpse::mutation == {self.number} ? ({self.wrong}) : ({self.term}))"


def read_table():
    lines = [l for l in TABLE.read_text().split("\n") if l.strip() and not l.startswith("#")]
    all_of = [Mutation(i + 1, line) for i, line in enumerate(lines)]
    names = [m.name for m in all_of]
    for name in names:
        if names.count(name) > 1:
            sys.exit(f"mutations.tsv: two mistakes are called {name}")
    return all_of


def mutate(mutations, include):
    """Writes the headers with all mistakes; returns the ones that have no place."""
    lost = []
    for header in sorted({m.header for m in mutations}):
        path = include / "glimpse" / header
        if not path.exists():
            lost += [(m, "no such header") for m in mutations if m.header == header]
            continue
        text = path.read_text()
        positions = []
        for m in (m for m in mutations if m.header == header):
            if text.count(m.term) != 1:
                lost.append((m, f"the term is there {text.count(m.term)} times"))
            else:
                positions.append((text.index(m.term), m))
        positions.sort(key=lambda p: p[0])
        parts, end = [], 0
        for at, m in positions:
            if at < end:
                lost.append((m, "overlaps another mistake"))
                continue
            parts += [text[end:at], m.text()]
            end = at + len(m.term)
        text = "".join(parts) + text[end:]
        path.write_text(text.replace("#pragma once\n",
                                     "#pragma once\n#include <glimpse/mutation.hpp>\n", 1))
    return lost


def positions(mutations):
    """Prints what has no place; returns how many."""
    with tempfile.TemporaryDirectory() as folder:
        include = pathlib.Path(folder) / "include"
        shutil.copytree(ROOT / "include", include)
        lost = mutate(mutations, include)
    lost += [(m, f"no tests/{file}.cpp") for m in mutations for file, _ in m.tests
             if not (ROOT / "tests" / (file + ".cpp")).exists()]
    for m, why in lost:
        print(f"GONE    {m.name}: {m.header}: {m.term} ({why})")
    print(f"{len(mutations) - len(lost)} of {len(mutations)} mistakes have their place")
    return len(lost)


class Builder:
    def __init__(self, mutations):
        self.compiler = os.environ.get("CXX", "g++").split()
        self.flags = os.environ.get("CXXFLAGS", "-O1").split()
        texts = [" ".join(self.compiler + self.flags), SWITCH, FRONT, "".join(m.text() for m in mutations)]
        texts += [p.read_text() for p in sorted((ROOT / "include").rglob("*.hpp"))]
        texts += [(ROOT / "tests" / f).read_text() for f in
                  ("catch.hpp", "catch_main.cpp", "op_test/checks.cpp", "op_test/op_row.hpp", "op_test/golden.hpp",
                   "op_test/reference.hpp")]
        key = hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]
        self.work = CACHE / key
        self.guard, self.locks = threading.Lock(), {}
        if CACHE.exists():  # the copies of other states of the tree
            for old in CACHE.iterdir():
                if old != self.work:
                    shutil.rmtree(old, ignore_errors=True)
        self.include = self.work / "include"
        self.lost_file = self.work / "lost"
        if not self.lost_file.exists():
            shutil.rmtree(self.work, ignore_errors=True)
            shutil.copytree(ROOT / "include", self.include)
            for path in (self.include / "glimpse").rglob("*.hpp"):
                text = path.read_text()
                if LEVELS in text and path.parent.name != "core":
                    path.write_text(text.replace(LEVELS, "0"))
            lost = mutate(mutations, self.include)
            (self.include / "glimpse" / "mutation.hpp").write_text(SWITCH)
            (self.work / "front.hpp").write_text(FRONT)
            (self.work / "products.cpp").write_text('#define PRODUCTS\n#include "front.hpp"\n')
            self.lost_file.write_text("".join(f"{m.number}\t{why}\n" for m, why in lost))
        self.lost = dict(line.split("\t", 1) for line in self.lost_file.read_text().splitlines())

    def compile(self, source, to, front=True):
        """Returns what the compiler says where it fails, else nothing."""
        if to.exists():
            return ""
        part = to.with_name(to.name + ".part")
        command = [*self.compiler, "-std=c++20", *self.flags, f"-I{self.include}", f"-I{ROOT}",
                   f"-I{ROOT / 'tests'}", f'-DGLIMPSE_ROOT="{ROOT}"']
        if front:
            command += ["-include", str(self.work / "front.hpp")]
        if to.suffix == ".gch":
            command += ["-x", "c++-header"]
        else:
            command += ["-c"]
        done = subprocess.run([*command, str(source), "-o", str(part)], capture_output=True, text=True)
        if done.returncode == 0:
            part.rename(to)
            return ""
        return done.stderr or "the compiler failed"

    def prepare(self, jobs):
        problem = self.compile(self.work / "front.hpp", self.work / "front.hpp.gch", front=False)
        if problem:
            sys.exit(f"mutate: the headers do not compile with the mistakes in them\n{problem}")
        sources = [(ROOT / "tests/catch_main.cpp", "main.o", False),
                   (ROOT / "tests/op_test/checks.cpp", "checks.o", True),
                   (self.work / "products.cpp", "products.o", False)]
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            for problem in pool.map(lambda s: self.compile(s[0], self.work / s[1], s[2]), sources):
                if problem:
                    sys.exit(f"mutate: what all programs share does not compile\n{problem}")

    def program(self, file):
        """Builds tests/<file>.cpp where that was not done; (path, problem)."""
        with self.guard:
            lock = self.locks.setdefault(file, threading.Lock())
        with lock:  # two groups may want one program
            return self.build(file)

    def build(self, file):
        name = file.replace("/", "_")
        source = ROOT / "tests" / (file + ".cpp")
        stamp = hashlib.sha256(source.read_bytes()).hexdigest()[:8]
        to, out = self.work / f"{name}.{stamp}.o", self.work / f"{name}.{stamp}"
        problem = self.compile(source, to)
        if not problem and not out.exists():
            objects = [str(self.work / o) for o in ("checks.o", "products.o")] + [str(to)]
            with_main = [str(self.work / "main.o")]
            if "catch_all" in subprocess.run([*self.compiler, "-std=c++20", f"-I{ROOT}", "-MM",
                                              str(ROOT / "tests/catch.hpp")],
                                             capture_output=True, text=True).stdout:
                with_main = ["-lCatch2Main", "-lCatch2"]
            done = subprocess.run([*self.compiler, *objects, *with_main, "-lutf8proc", "-pthread", "-o", str(out)],
                                  capture_output=True, text=True)
            problem = done.stderr if done.returncode else ""
        return out, problem


def run(program, cases, number):
    """True where the test cases pass with mistake `number`."""
    command = [str(program), "--abort", "--warn", "NoTests"] + ([cases] if cases else [])
    try:
        done = subprocess.run(command, capture_output=True, timeout=TIMEOUT,
                              env={**os.environ, "GLIMPSE_MUTATION": str(number)})
        return done.returncode == 0
    except subprocess.TimeoutExpired:
        return False


def try_one(builder, m, green):
    """seen, or what is wrong with a mistake; green: what passes without any."""
    if str(m.number) in builder.lost:
        return f"GONE    ({builder.lost[str(m.number)]})"
    for file, cases in m.tests:
        program, problem = builder.program(file)
        if problem:
            return f"BROKEN  ({file} does not compile: {problem.strip().splitlines()[0]})"
        if (file, cases) not in green:
            green[file, cases] = run(program, cases, 0)
        if not green[file, cases]:
            return f"BROKEN  ({file} {cases} is red, or empty, without any mistake)"
        if run(program, cases, m.number):
            return f"MISSED  (by {file} {cases})"
    return "seen"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", default="", metavar="NAME")
    parser.add_argument("--slice", default="1/1", metavar="i/n")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--list", action="store_true", help="print the names and stop")
    parser.add_argument("--positions", action="store_true",
                        help="only see that each term and each test file is there; no compiler")
    options = parser.parse_args()
    part, _, parts = options.slice.partition("/")
    if not (part.isdigit() and parts.isdigit() and 1 <= int(part) <= int(parts)):
        parser.error(f"--slice: expected i/n with 1 <= i <= n, got {options.slice}")

    every = read_table()
    if options.positions:
        return 1 if positions(every) else 0
    chosen = sorted((m for m in every if options.only in m.name), key=lambda m: m.tests)
    if not chosen:
        sys.exit(f"mutate: expected a name or a part of one, got {options.only}")
    i, n = int(part), int(parts)
    chosen = chosen[len(chosen) * (i - 1) // n:len(chosen) * i // n]
    if options.list:
        print("\n".join(m.name for m in chosen))
        return 0

    start = time.time()
    builder = Builder(every)
    builder.prepare(options.jobs)
    def try_group(group):
        """The mistakes of one test program: builds it and reports each verdict."""
        green, missed = {}, 0
        for m in group:
            verdict = try_one(builder, m, green)
            missed += verdict != "seen"
            print(f"{verdict.split()[0]:7} {m.name}: {m.header}: {m.term} -> {m.wrong}"
                  f"{' ' + verdict.split(None, 1)[1] if verdict != 'seen' else ''}", flush=True)
        return missed

    groups = [list(group) for _, group in itertools.groupby(chosen, key=lambda m: m.tests[0][0])]
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        missed = sum(pool.map(try_group, groups))
    print(f"{len(chosen) - missed} of {len(chosen)} mistakes seen, {time.time() - start:.0f} s")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
