"""Makes docs/performance.md and its images from what benchmarks/compare.sh measured.

  report.py MEASURED DOCS            MEASURED: build/compare

Nothing is measured here, so the page can be made anew at any time.
"""
import os
import sys

from page import plots
from page.rows import Measured
from page.tables import Tables

PAGE = """\
# Performance

Whole training steps and whole readings beside PyTorch, single operations beside PyTorch and
oneDNN, all on the same cores in the same run. Made by `bash benchmarks/compare.sh`, the prose with
it. Read the ratios: milliseconds belong to one machine and one afternoon.

The machine: {cpu}, {cores} cores, {isa}. Measured beside everything else, it does {fma1:.0f}
GFLOP/s of multiply-adds on one core and {fma2:.0f} on both, and moves {triad1:.0f} and
{triad2:.0f} GB/s (triad from memory). Glimpse is compiled as `{compiler} {flags}`: no flag names
the CPU, and no library is linked.

## Whole steps

Images 1 x 32 x 100, words of 11 letters (12 steps of the decoder). A training step is forward,
loss, backward, clipping and ADADELTA; a reading is greedy, with batch norms folded on both sides. A
ratio above 1 says how many times faster Glimpse is; of memory, less is better. Bold: reached.

{whole_steps}

{torch_caption}

PyTorch tuned is PyTorch with OpenBLAS set to a CPU that it knows, {isa} kernels, and memory that is
kept ([how](#how-it-is-measured)). With images in the order of channels last it is faster in
some cases, so that stands beside. As installed is what `apt install python3-torch` gives: a
reference BLAS, and AVX2.

![Milliseconds an image against the batch](images/performance_batch.svg)

![Milliseconds an image against its width](images/performance_width.svg)

### One thread and two

Milliseconds of a whole step or reading.

{threads}

{torch_caption}

![Images a second on one thread and two](images/performance_threads.svg)

### Memory

The most that the process ever held (`VmHWM`), 2 threads.

{memory}

{torch_caption}

### Both sides do the same work

A small program writes Glimpse's weights, images, outputs and gradients into a safetensors file;
PyTorch loads the weights and makes the same step and the same reading, and the run ends there if
anything differs. Distances of outputs are the largest, in units of their root mean square. Those of
gradients are relative norms; all parameters are compared, and the worst is shown. Where two numbers
in a pool nearly tie, each side may take the other, which moves the gradients before it.

{same_work}

## Convolutions

Milliseconds forward / backward data / backward weights, transforms of the weights included. oneDNN
{onednn} runs each layer direct and with Winograd, in its own layouts, with nothing reordered inside
the timing, and its faster one counts. GFLOP/s are of the defining sum, so Winograd may pass the
hardware's peak. To reach: 0.75.

{convolutions2}

{onednn_caption}

{convolutions1}

{onednn_caption}

## Single operations

{operations}

{torch_caption}

## Products of matrices

C (m, n) = A (m, k) B (k, n); T: kept transposed. The peak is measured in turn with the products.

{products}

{products_caption}

## Roofline

Intensity counts the operations of the defining sum, and every operand once. Winograd makes a
quarter of the multiplications, which lifts it above the roof.

![Roofline](images/performance_roofline.svg)

## What was not reached

{missed}

## How it is measured

- `bash benchmarks/compare.sh` installs the baselines from Debian (python3-torch, libdnnl-dev,
  libopenblas0-openmp), builds Glimpse's programs with `g++ {flags}`, runs the contestants in turn,
  in {rounds} round{s}, and takes medians: of the steps within a run, then over the rounds.
  `--quick` makes one short round, `--part NAME` one part.
- Around every run it compares the time the cores were busy, or stolen by the hypervisor, with the
  time its own children took. Where more than {others:.0f} % went to others, the run is thrown away
  and repeated, three times at most.{watcher}
- PyTorch tuned: `libopenblas0-openmp`, `OPENBLAS_CORETYPE={core}` (Debian's OpenBLAS does not
  know newer CPUs), `ATEN_CPU_CAPABILITY={vectors}`, `torch.set_num_threads(2)` and
  `MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000 MALLOC_TOP_PAD_=268435456`.
- Every whole step runs in a process of its own, so that its memory is its own; two steps go
  unmeasured.
- What each program printed stays in `build/compare`, and the page can be made anew from it:
  `compare.sh --part report`.
"""

WATCHER = """ (On this machine other work was held while
  it ran; holding it took 3 to 12 % itself.)"""


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    measured, docs = Measured(sys.argv[1]), sys.argv[2]
    for model in ('rare', 'crnn'):
        if measured.same_work(model) is None:
            sys.exit(f'report: {model}: nobody has shown that both sides do the same work '
                     '(compare.sh --part same_work)')
    images = os.path.join(docs, 'images')
    os.makedirs(images, exist_ok=True)
    for plot in (plots.batch, plots.width, plots.threads, plots.roofline):
        plot(measured, images)

    tables, machine = Tables(measured), measured.machine

    def caption(baseline):
        return (f"*{machine['cpu']}; `{machine['compiler']} {machine['flags']}`; {baseline}; "
                f"commit {machine['commit']}, {machine['date']}.*")
    others = int(machine['others']) / 10
    values = {**machine, 'others': others, 'watcher': WATCHER if others > 3 else '',
              's': '' if machine['rounds'] == '1' else 's',
              'whole_steps': tables.whole_steps()}
    for n in '12':
        values['fma' + n] = measured.top['glimpse', 'multiply-add', n]
        values['triad' + n] = measured.top['glimpse', 'triad memory', n]
        values['convolutions' + n] = tables.convolutions(n)
    for name in ('threads', 'memory', 'same_work', 'operations', 'products'):
        values[name] = getattr(tables, name)()
    values['torch_caption'] = caption(f"PyTorch {machine['torch']}")
    values['onednn_caption'] = caption(f"oneDNN {machine['onednn']}")
    values['products_caption'] = caption(f"oneDNN {machine['onednn']}, OpenBLAS "
                                         f"{machine['openblas']}")
    values['missed'] = '\n'.join(f'- {line}' for line in tables.missed) or '- Nothing.'
    with open(os.path.join(docs, 'performance.md'), 'w') as file:
        file.write(PAGE.format(**values))
    print('\n'.join(['not reached:'] + tables.missed) if tables.missed else 'all reached')


main()
