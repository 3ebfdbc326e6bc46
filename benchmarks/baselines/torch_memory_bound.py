"""The rows of benchmarks/ops/memory_bound.cpp in PyTorch, at its best: op, pass, threads, ms, GB/s.

   OPENBLAS_CORETYPE=SkylakeX ATEN_CPU_CAPABILITY=avx512 MALLOC_MMAP_MAX_=0 \\
   MALLOC_TRIM_THRESHOLD_=100000000000 MALLOC_TOP_PAD_=268435456 \\
   python3 benchmarks/baselines/torch_memory_bound.py [filter]
"""
import statistics
import sys
import time

import torch
import torch.nn.functional as F

FILTER = sys.argv[1] if len(sys.argv) > 1 else ""
triad_rate = 0.0


def median_ms(f):
    for _ in range(3):
        f()
    times, begin = [], time.perf_counter()
    while len(times) < 9 or (len(times) < 101 and time.perf_counter() - begin < 0.15):
        t = time.perf_counter()
        f()
        times.append(1e3 * (time.perf_counter() - t))
    return statistics.median(times)


def show(op, which, moved, ms):
    global triad_rate
    rate = moved / ms * 1e-6
    triad_rate = triad_rate or rate
    print(f"{op}\t{which}\t{torch.get_num_threads()}\t{ms:.4f}\t{rate:.2f}"
          f"\t{100 * rate / triad_rate:.0f}", flush=True)


def leaf(*shape):
    return (torch.rand(*shape) * 2 - 1).requires_grad_()


def row(op, inputs, forward, backward, f):
    """Both passes of f(*inputs); the forward pass records, as in training."""
    if FILTER not in op:
        return
    show(op, "forward", forward, median_ms(lambda: f(*inputs)))
    y = f(*inputs)
    dy = torch.rand_like(y)
    show(op, "backward", backward,
         median_ms(lambda: torch.autograd.grad(y, inputs, dy, retain_graph=True)))


def triad():
    global triad_rate
    triad_rate = 0.0
    a, b, c = (torch.rand(12_000_000) for _ in range(3))
    show("triad", "forward", 12 * 12_000_000, median_ms(lambda: torch.add(b, c, alpha=3, out=a)))


def layers():
    x, p = leaf(64, 512, 4, 26), leaf(64, 64, 32, 100)
    gamma, beta = leaf(512), leaf(512)
    mean, var = torch.zeros(512), torch.ones(512)
    m, big = 4 * x.numel(), 4 * p.numel()
    row("batch_norm_relu", [x, gamma, beta], 2 * m, 3 * m,
        lambda x, g, b: F.relu(F.batch_norm(x, mean, var, g, b, training=True), inplace=True))
    row("relu", [p], 2 * big, 3 * big, F.relu)
    row("add", [p, leaf(64, 64, 32, 100)], 3 * big, big, torch.add)
    row("max_pool_2x2", [p], big * 1.3125, big * 1.3125, lambda x: F.max_pool2d(x, 2))
    row("average_pool_2x2", [p], big * 1.25, big * 1.25, lambda x: F.avg_pool2d(x, 2))
    row("adaptive_average_pool", [p], big, big, lambda x: F.adaptive_avg_pool2d(x, 1))
    row("dropout", [p], 2.25 * big, 2.25 * big, lambda x: F.dropout(x, 0.5))
    r = leaf(1664, 512)
    row("layer_norm", [r, gamma, beta], 8 * r.numel(), 12 * r.numel(),
        lambda x, g, b: F.layer_norm(x, (512,), g, b))
    s = leaf(64 * 26, 37)
    row("softmax", [s], 8 * s.numel(), 12 * s.numel(), lambda x: F.softmax(x, -1))
    targets = torch.arange(64 * 26) * 7 % 37
    row("cross_entropy", [s], 8 * s.numel(), 8 * s.numel(), lambda x: F.cross_entropy(x, targets))


def rectifier():
    matrix = torch.rand(3200, 20)
    fiducials = leaf(64, 20, 2)
    positions, word, source = 4 * 64 * 3200 * 2, 4 * 64 * 3200, 4 * 64 * 64 * 200
    row("tps_grid", [fiducials], positions + 4 * 64000, positions + 4 * 64000,
        lambda c: torch.matmul(matrix, c))
    # Each pixel looks near itself, as under fiducials at their base points.
    theta = torch.tensor([[[1.0, 0, 0], [0, 1.0, 0]]]).repeat(64, 1, 1)
    grid = F.affine_grid(theta, (64, 1, 32, 100), align_corners=False).requires_grad_()
    row("grid_sample", [leaf(64, 1, 32, 100), grid], 2 * word + positions, 3 * word + 2 * positions,
        lambda x, g: F.grid_sample(x, g, padding_mode="border", align_corners=False))
    row("resize_bilinear", [leaf(64, 1, 64, 200)], source + word, source + word,
        lambda x: F.interpolate(x, (32, 100), mode="bilinear", antialias=True))


def optimizers():
    shapes = [(512, 512, 3, 3), (512, 512, 3, 3), (512, 256, 3, 3), (256, 256, 3, 3),
              (256, 128, 3, 3), (128, 64, 3, 3), (512, 512, 2, 2), (1024, 512), (1024, 256),
              (1024, 256), (256, 512), (512,)]
    params = [leaf(*s) for s in shapes]
    for p in params:
        p.grad = torch.rand_like(p) * 2 - 1
    size = 4 * sum(p.numel() for p in params)

    def step(op, moved, *ways):
        if FILTER in op:
            show(op, "step", moved, min(median_ms(f) for f in ways))

    step("adadelta", 7 * size, *(torch.optim.Adadelta(params, foreach=k).step for k in (0, 1)))
    step("adamw", 7 * size, *(torch.optim.AdamW(params, foreach=k).step for k in (False, True)))

    def norm():
        return torch.norm(torch.stack([torch.norm(p.grad) for p in params]))

    def clip():
        torch.nn.utils.clip_grad_norm_(params, 1)
        params[0].grad.view(-1)[0] = 2

    with torch.no_grad():
        step("grad_norm", size, norm)
        step("clip_grad_norm", 3 * size, clip)


print("op\tpass\tthreads\tms\tGB/s\t% of triad")
for threads in (1, 2):
    torch.set_num_threads(threads)
    triad()
    layers()
    rectifier()
    optimizers()
