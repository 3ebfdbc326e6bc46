#!/usr/bin/env python3
"""Writes tests/golden/optim.txt with PyTorch: weights after every step of every optimizer, rates of every schedule.

    /usr/bin/python3 tests/golden/make_optim.py

All in float64. Starting weights and gradients are formulas that tests/optim/golden.cpp has too.
"""
import math
import os

import torch

shapes = [(3, 5), (5,)]
steps = 6


def start(p):
    n = math.prod(shapes[p])
    return torch.tensor([math.cos(1 + k + p) for k in range(n)], dtype=torch.float64).reshape(shapes[p])


def gradient(p, step):
    n = math.prod(shapes[p])
    scale = 10.0 ** -(step % 3)
    return torch.tensor([scale * math.sin(0.7 * k + 1.3 * step + 0.2 * p) for k in range(n)],
                        dtype=torch.float64).reshape(shapes[p])


def write(file, name, values):
    file.write(name + " " + " ".join(repr(float(v)) for v in values) + "\n")


def run(file, name, make, groups=None):
    w = [start(p).requires_grad_() for p in range(2)]
    optimizer = make([dict(params=[w[p]], **(groups[p] if groups else {})) for p in range(2)])
    for step in range(steps):
        for p in range(2):
            w[p].grad = gradient(p, step)
        optimizer.step()
        write(file, name, torch.cat([v.detach().reshape(-1) for v in w]))


def schedule(file, name, make, base, count):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=base, momentum=0.9)
    s = make(optimizer)
    rates = []
    for _ in range(count):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        s.step()
    write(file, name, rates)


with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "optim.txt"), "w") as f:
    o = torch.optim
    run(f, "sgd", lambda g: o.SGD(g, lr=0.1))
    run(f, "sgd_momentum", lambda g: o.SGD(g, lr=0.1, momentum=0.9, weight_decay=0.01))
    run(f, "sgd_nesterov", lambda g: o.SGD(g, lr=0.1, momentum=0.9, nesterov=True))
    run(f, "adam", lambda g: o.Adam(g, lr=0.01))
    run(f, "adam_decay", lambda g: o.Adam(g, lr=0.01, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.1))
    run(f, "adamw", lambda g: o.AdamW(g, lr=0.01))
    run(f, "adamw_groups", lambda g: o.AdamW(g, lr=0.01, weight_decay=0.1), [dict(lr=0.001), dict(weight_decay=0)])
    run(f, "adadelta", lambda g: o.Adadelta(g, lr=1.0))
    run(f, "adadelta_decay", lambda g: o.Adadelta(g, lr=0.5, rho=0.95, eps=1e-5, weight_decay=0.1))
    run(f, "rmsprop", lambda g: o.RMSprop(g, lr=0.01))
    run(f, "rmsprop_momentum", lambda g: o.RMSprop(g, lr=0.01, alpha=0.9, momentum=0.8, weight_decay=0.1))

    w = [start(p).requires_grad_() for p in range(2)]
    for p in range(2):
        w[p].grad = gradient(p, 0)
    norm = torch.nn.utils.clip_grad_norm_(w, 0.5)
    write(f, "clip_norm", [norm])
    write(f, "clip", torch.cat([v.grad.reshape(-1) for v in w]))

    s = torch.optim.lr_scheduler
    schedule(f, "one_cycle", lambda q: s.OneCycleLR(q, 0.3, total_steps=20), 1.0, 20)
    schedule(f, "one_cycle_early", lambda q: s.OneCycleLR(q, 2.0, total_steps=33, pct_start=0.1, div_factor=10,
                                                          final_div_factor=100), 1.0, 33)
    schedule(f, "cosine", lambda q: s.CosineAnnealingLR(q, 15, eta_min=0.01), 0.3, 16)
    schedule(f, "steps", lambda q: s.StepLR(q, 4, gamma=0.5), 0.3, 14)
