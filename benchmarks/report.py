"""Generates docs/performance.md and its images from the measurements of benchmarks/compare.sh.

  report.py MEASURED DOCS            MEASURED: build/compare

This program measures nothing, so it can generate the page again at any time.
"""
import os
import sys

from page import plots
from page.rows import Measured
from page.tables import Tables

PAGE = """\
# Performance

This page compares Glimpse with PyTorch on whole training steps, whole readings and single
operations, and with oneDNN on convolutions and matrix products. All programs ran on the same cores
in the same session. `bash benchmarks/compare.sh` generates the whole page, including the text. Rely
on the ratios: the milliseconds hold only for one machine and one session.

Machine: {cpu}, {cores} cores, {isa}. Measured in the same session, its peak is {fma1:.0f} GFLOP/s of
multiply-adds on one core and {fma2:.0f} on both. Its memory bandwidth (triad) is {triad1:.0f} and
{triad2:.0f} GB/s. Glimpse is compiled with `{compiler} {flags}`. No option selects the CPU,
and no library is linked.

## Whole steps

Images are 1 x 32 x 100, words have 11 letters (12 steps of the decoder). A training step is forward
pass, loss, backward pass, gradient clipping and ADADELTA. A reading is greedy, with batch norms
folded on both sides. The speedup is the time of PyTorch divided by that of Glimpse. For memory the
ratio is Glimpse's memory divided by PyTorch's, and less is better. Bold: target reached.

{whole_steps}

{torch_caption}

*PyTorch tuned* is PyTorch with OpenBLAS set to this CPU, {isa} kernels enabled, and an allocator set
to keep freed memory ([details](#how-it-is-measured)). *Channels last* is the same with images in the
order of channels last, which is faster in some cases. *As installed* is the result of
`apt install python3-torch`: a reference BLAS, and AVX2.

![Milliseconds per image against the batch size](images/performance_batch.svg)

![Milliseconds per image against the image width](images/performance_width.svg)

### One thread and two

Milliseconds of a whole step or reading. The gain is the time on one thread divided by that on two.

{threads}

{torch_caption}

![Images per second on one thread and two](images/performance_threads.svg)

### Memory

Peak memory of the process (`VmHWM`), 2 threads. *Import* is the memory of PyTorch after
`import torch`.

{memory}

{torch_caption}

### Both sides do the same work

A small program writes Glimpse's weights, images, outputs and gradients into a safetensors file.
PyTorch loads the weights and does the same step and the same reading. The run stops if anything
differs by more than the allowed distance. For outputs, the distance is the largest difference,
divided by their root mean square. For gradients it is the relative norm of the difference. All
parameters are compared, and the table has the worst. If two numbers in a pooling window are nearly
equal, each side may select the other one. This changes the gradients before it.

{same_work}

## Convolutions

Milliseconds of forward pass / gradient of the input / gradient of the weights. Transforms of the
weights are included. oneDNN {onednn} runs each layer direct and with Winograd, in its own layouts,
without reordering inside the timing. The table has the faster of the two. GFLOP/s count the
operations of the definition, so Winograd can exceed the hardware's peak. Target: at most 0.75 of
oneDNN's time.

{convolutions2}

{onednn_caption}

{convolutions1}

{onednn_caption}

## Single operations

{operations}

{torch_caption}

## Matrix products

C (m, n) = A (m, k) B (k, n). T: stored transposed. The peak is measured in alternation with the
products.

{products}

{products_caption}

## Roofline

The intensity counts the operations of the definition, and every operand once. Winograd needs a
quarter of the multiplications, so its points are above the roof.

![Roofline](images/performance_roofline.svg)

## Targets missed

{missed}

## How it is measured

- `bash benchmarks/compare.sh` installs the baselines from Debian (python3-torch, libdnnl-dev,
  libopenblas0-openmp) and builds Glimpse's programs with `g++ {flags}`. It runs all programs in
  turn, in {rounds} round{s}. It takes medians: first of the steps within a run, then over the rounds.
  `--quick` does one short round, `--part NAME` one part.
- For every run the script compares the busy time of the cores, including time stolen by the
  hypervisor, with the CPU time of its own child processes. If others used more than {others:.0f} %,
  it discards the run and repeats it, at most three times.{watcher}
- PyTorch tuned: `libopenblas0-openmp`, `OPENBLAS_CORETYPE={core}` (Debian's OpenBLAS does not
  know newer CPUs), `ATEN_CPU_CAPABILITY={vectors}`, `torch.set_num_threads(2)` and
  `MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000 MALLOC_TOP_PAD_=268435456`.
- Every whole step runs in a separate process, so that its memory can be measured. The first two
  steps are not measured.
- The output of each program is kept in `build/compare`. `compare.sh --part report` generates the
  page again from these files.
"""

WATCHER = """ (On this machine
  other work was paused during the runs. Pausing it took 3 to 12 % itself.)"""


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    measured, docs = Measured(sys.argv[1]), sys.argv[2]
    for model in ('rare', 'crnn'):
        if measured.same_work(model) is None:
            sys.exit(f'report: {model}: expected a check that both sides do the same work, got none '
                     '(run compare.sh --part same_work)')
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
    print('\n'.join(['targets missed:'] + tables.missed) if tables.missed else 'all targets reached')


main()
