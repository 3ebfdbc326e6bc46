"""The rows of benchmarks/ops/ctc_loss.cpp in PyTorch: op, pass, threads, ms (median of 201).

   OPENBLAS_CORETYPE=SkylakeX ATEN_CPU_CAPABILITY=avx512 MALLOC_MMAP_MAX_=0 \\
   MALLOC_TRIM_THRESHOLD_=100000000000 MALLOC_TOP_PAD_=268435456 \\
   python3 benchmarks/baselines/torch_ctc.py

"ctc_loss" starts from the scores, as Glimpse does; "ctc_loss alone" from the logarithms of the
probabilities, which then have been paid for elsewhere.
"""
import statistics
import time

import torch
import torch.nn.functional as F

STEPS, CLASSES = 26, 37


def medians(x, loss):
    forward, backward = [], []
    seed = None
    for i in range(221):
        t0 = time.perf_counter()
        y = loss(x)
        t1 = time.perf_counter()
        seed = torch.ones_like(y) if seed is None else seed
        t2 = time.perf_counter()
        torch.autograd.grad(y, x, seed)
        t3 = time.perf_counter()
        if i >= 20:
            forward.append(1e3 * (t1 - t0))
            backward.append(1e3 * (t3 - t2))
    return statistics.median(forward), statistics.median(backward)


print("op\tpass\tthreads\tms")
for threads in (1, 2):
    torch.set_num_threads(threads)
    for batch in (16, 64):
        labels = [[(5 * n + 3 * i) % 36 for i in range(3 + 7 * n % 10)] for n in range(batch)]
        lengths = torch.tensor([len(v) for v in labels])
        padded = torch.tensor([v + [0] * (12 - len(v)) for v in labels])
        frames = torch.full((batch,), STEPS)
        scores = (torch.rand(STEPS, batch, CLASSES) * 6 - 3).requires_grad_()
        logs = torch.log_softmax(scores.detach(), 2).requires_grad_()

        def ctc(p):
            return F.ctc_loss(p, padded, frames, lengths, blank=CLASSES - 1, reduction="none")

        for name, x, loss in (("ctc_loss", scores, lambda x: ctc(torch.log_softmax(x, 2))),
                              ("ctc_loss alone", logs, ctc)):
            there, back = medians(x, loss)
            print(f"{name} batch {batch}\tforward\t{threads}\t{there:.4f}")
            print(f"{name} batch {batch}\tbackward\t{threads}\t{back:.4f}")
