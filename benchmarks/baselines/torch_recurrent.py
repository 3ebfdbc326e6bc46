# PyTorch's side of benchmarks/ops/recurrent.cpp: the same operations and shapes, the same table.
#
#   torch_recurrent.py [threads]          prints  op  pass  threads  batch  ms   (medians, tab separated)
#
# Run it tuned: OpenBLAS built for OpenMP, OPENBLAS_CORETYPE=SkylakeX, ATEN_CPU_CAPABILITY=avx512,
# MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000 MALLOC_TOP_PAD_=268435456.
import statistics
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

STEPS, INPUTS, CELLS, SYMBOLS, LETTERS = 26, 512, 256, 37, 11


class AttentionDecoder(nn.Module):
    """The decoder of RARE, taught with the true symbols: V h once, then 12 attention steps and GRU steps."""

    def __init__(self):
        super().__init__()
        self.key = nn.Linear(INPUTS, CELLS, bias=False)
        self.query = nn.Linear(CELLS, CELLS)
        self.score = nn.Parameter(torch.randn(CELLS) / 16)
        self.symbol = nn.Embedding(SYMBOLS, 3 * CELLS)
        self.glimpse = nn.Linear(INPUTS, 3 * CELLS)
        self.state = nn.Linear(CELLS, 3 * CELLS)
        self.output = nn.Linear(CELLS, SYMBOLS)

    def forward(self, frames, labels):
        h = frames.transpose(0, 1).contiguous()
        keys = self.key(h)
        n = h.shape[0]
        s = h.new_zeros(n, CELLS)
        end = labels.new_full((n, 1), SYMBOLS - 1)
        before = self.symbol(torch.cat([end, labels], 1).t().contiguous())  # (steps, n, 3 cells)
        states = []
        for sums in before:
            e = torch.tanh(self.query(s)[:, None] + keys) @ self.score
            g = torch.bmm(torch.softmax(e, 1)[:, None], h)[:, 0]
            a, u = sums + self.glimpse(g), self.state(s)
            (ar, az, an), (ur, uz, un) = a.chunk(3, 1), u.chunk(3, 1)
            r, z = torch.sigmoid(ar + ur), torch.sigmoid(az + uz)
            fresh = torch.tanh(an + r * un)
            s = fresh + z * (s - fresh)
            states.append(s)
        targets = torch.cat([labels, end], 1).t().reshape(-1)
        return F.cross_entropy(self.output(torch.cat(states)), targets)


def table(op, batch, forward, inputs, threads, backward=True):
    there, back = [], []
    for i in range(14):
        for p in inputs:
            p.grad = None
        t0 = time.perf_counter()
        y = forward()
        t1 = time.perf_counter()
        if backward:
            y.backward(torch.ones_like(y))
        t2 = time.perf_counter()
        if i >= 3:
            there.append(t1 - t0), back.append(t2 - t1)
    for name, times in (("forward", there), ("backward", back))[: 2 if backward else 1]:
        print(op, name, threads, batch, f"{1e3 * statistics.median(times):.3f}", sep="\t", flush=True)


def main():
    threads = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    print("op", "pass", "threads", "batch", "ms", sep="\t")
    for batch in (64, 1):
        x = torch.randn(STEPS, batch, INPUTS, requires_grad=batch > 1)
        nets = {
            "lstm": nn.LSTM(INPUTS, CELLS),
            "blstm": nn.LSTM(INPUTS, CELLS, bidirectional=True),
            "gru": nn.GRU(INPUTS, CELLS),
        }
        with torch.set_grad_enabled(batch > 1):
            for op, net in nets.items():
                table(op, batch, lambda: net(x)[0], [x, *net.parameters()], threads, batch > 1)
            decoder = AttentionDecoder()
            labels = torch.randint(0, SYMBOLS - 1, (batch, LETTERS))
            table("attention_decoder", batch, lambda: decoder(x, labels), [x, *decoder.parameters()],
                  threads, batch > 1)


if __name__ == "__main__":
    main()
