#!/usr/bin/env python3
"""Writes the golden numbers of tests/golden/*.txt with PyTorch (Debian: apt-get install python3-torch).

    /usr/bin/python3 tests/golden/make_golden.py [name ...]

Each file holds cases of inputs, a cotangent, the output, and a gradient for each input, all computed in float64 from
inputs that are exact in float32. The format is described in tests/op_test/golden.hpp. The same torch gives the same files.
"""
import os
import sys
import zlib

import numpy as np
import torch
import torch.nn.functional as F

here = os.path.dirname(os.path.abspath(__file__))
makers = {}


def pattern(n, m):
    """As in tests/op_test/op_row.hpp."""
    return torch.tensor([(7 * i + 3) % m for i in range(n)], dtype=torch.long)


def lengths_for(rows, n):
    """1 + pattern(rows, n): every length from 1 to n."""
    return 1 + pattern(rows, n)


class Draw:
    """How an input is drawn: uniform, away from a kink, or all distinct."""

    def __init__(self, low=-1.0, high=1.0, margin=None, distinct=False):
        self.low, self.high, self.margin, self.distinct = low, high, margin, distinct

    def __call__(self, rng, shape):
        n = int(np.prod(shape, dtype=int))
        if self.distinct:
            x = self.low + (self.high - self.low) * (rng.permutation(n) + 0.5) / n
        elif self.margin is not None:
            x = rng.uniform(self.margin, self.high, n) * np.where(rng.uniform(size=n) < 0.5, -1, 1)
        else:
            x = rng.uniform(self.low, self.high, n)
        return x.astype(np.float32).astype(np.float64).reshape(shape)


def golden(name, f, *cases, draw=Draw(), draws=None):
    """f takes the inputs as tensors; a case is a list of shapes; draws: {input: Draw} where one differs."""

    def make():
        rng = np.random.RandomState(zlib.crc32(name.encode()) % 2**31)
        with open(os.path.join(here, name + ".txt"), "w") as file:
            file.write("# made by make_golden.py\n")
            for shapes in cases:
                x = [torch.tensor((draws or {}).get(i, draw)(rng, s), requires_grad=True) for i, s in enumerate(shapes)]
                y = f(*x)
                c = torch.tensor(Draw()(rng, tuple(y.shape)))
                y.backward(c)
                file.write("case\n")
                for v in x:
                    write(file, "input", v)
                write(file, "cotangent", c)
                write(file, "output", y)
                for v in x:
                    write(file, "gradient", v.grad)

    makers[name] = make


def write(file, word, tensor):
    if tensor is None:
        file.write(word + " none\n")
        return
    values = tensor.detach().numpy()
    file.write(" ".join([word] + [str(e) for e in values.shape]) + "\n")
    given = word in ("input", "cotangent")  # exact in float32, and read as such
    file.write(" ".join(number(np.float32(v) if given else v) for v in values.reshape(-1)) + "\n")


def number(v):
    """The shortest text that reads back as the same number."""
    small = v != 0 and abs(v) < 1e-3
    return np.format_float_scientific(v, trim="-") if small else np.format_float_positional(v, trim="-")


# ---- arithmetic and activations ---------------------------------------------------------------------------------

pairs = ([(3, 5), (3, 5)], [(2, 3, 5), (5,)], [(4, 1), (1, 6)], [(1,), (2, 3)])
positive = Draw(0.2, 3)
wide = Draw(-4, 4)
kink = Draw(margin=0.05, high=3)
golden("add", torch.add, *pairs)
golden("sub", torch.sub, *pairs)
golden("mul", torch.mul, *pairs)
golden("div", torch.div, *pairs, draws={1: positive})
golden("maximum", torch.maximum, *pairs, draw=wide)
golden("minimum", torch.minimum, *pairs, draw=wide)
one = ([(3, 37)], [(1,)])
golden("neg", torch.neg, *one)
golden("exp", torch.exp, *one, draw=wide)
golden("log", torch.log, *one, draw=positive)
golden("sqrt", torch.sqrt, *one, draw=positive)
golden("square", torch.square, *one)
golden("abs", torch.abs, *one, draw=kink)
golden("clamp", lambda x: torch.clamp(x, -1.5, 1.25), *one, draw=wide)
golden("relu", torch.relu, *one, draw=kink)
golden("leaky_relu", lambda x: F.leaky_relu(x, 0.01), *one, draw=kink)
golden("tanh", torch.tanh, *one, draw=wide)
golden("sigmoid", torch.sigmoid, *one, draw=wide)
golden("softplus", F.softplus, *one, draw=wide)
golden("gelu", lambda x: F.gelu(x, approximate="tanh"), *one, draw=wide)

# ---- reductions and shapes --------------------------------------------------------------------------------------

cube = ([(3, 4, 5)], [(1, 2, 7)])
spread = Draw(-3, 3, distinct=True)
golden("sum", torch.sum, *cube)
golden("sum_axes", lambda x: torch.sum(x, (0, 2)), *cube)
golden("sum_keep", lambda x: torch.sum(x, 1, keepdim=True), *cube)
golden("mean", torch.mean, *cube)
golden("mean_axes", lambda x: torch.mean(x, (0, 2)), *cube)
golden("max", lambda x: torch.amax(x, (0, 1, 2)), *cube, draw=spread)
golden("max_axes", lambda x: torch.amax(x, (0, 2)), *cube, draw=spread)
golden("min", lambda x: torch.amin(x, (0, 1, 2)), *cube, draw=spread)
golden("min_axes", lambda x: torch.amin(x, (0, 2)), *cube, draw=spread)
golden("permute", lambda x: x.permute(2, 0, 1), *cube)
golden("concatenate", lambda a, b: torch.cat([a, b], 1), [(2, 3, 4), (2, 5, 4)])
golden("stack", lambda a, b: torch.stack([a, b], 1), [(2, 3), (2, 3)])
golden("broadcast_to", lambda x: x.broadcast_to(2, 3, 5), [(3, 1)], [(5,)])
golden("pad2d", lambda x: F.pad(x, (3, 4, 1, 2)), [(2, 3, 4, 5)])  # top 1, bottom 2, left 3, right 4
golden("gather_rows", lambda x: x[pattern(6, x.shape[0])], [(4, 3)], [(9, 2, 2)])

# ---- products ---------------------------------------------------------------------------------------------------

golden("matmul", torch.matmul, [(3, 4), (4, 5)], [(1, 1), (1, 1)], [(2, 3, 4), (2, 4, 5)], [(2, 1, 3, 4), (3, 4, 2)],
       [(9, 17), (17, 7)])
golden("linear", F.linear, [(3, 5), (4, 5), (4,)], [(2, 7, 3), (6, 3), (6,)], [(1, 1), (1, 1), (1,)])
golden("linear_no_bias", F.linear, [(3, 5), (4, 5)])
golden("embedding", lambda w: F.embedding(pattern(6, w.shape[0]).reshape(2, 3), w), [(9, 4)], [(5, 1)])


def conv(**options):
    return lambda x, w, b=None: F.conv2d(x, w, b, **options)


golden("conv2d", conv(), [(2, 3, 6, 7), (4, 3, 3, 3), (4,)], [(1, 1, 1, 1), (1, 1, 1, 1), (1,)],
       [(2, 5, 4, 3), (6, 5, 1, 1), (6,)])
golden("conv2d_padding", conv(padding=(1, 2)), [(2, 3, 6, 7), (4, 3, 3, 3), (4,)], [(1, 2, 5, 4), (3, 2, 2, 5), (3,)])
golden("conv2d_stride", conv(stride=(2, 3), padding=(1, 1)), [(2, 3, 7, 8), (4, 3, 3, 3), (4,)])
golden("conv2d_dilation", conv(dilation=(2, 3), padding=(2, 1)), [(2, 3, 7, 9), (4, 3, 3, 3), (4,)])
golden("conv2d_groups", conv(groups=2, padding=(1, 1)), [(2, 4, 5, 6), (6, 2, 3, 3), (6,)])
golden("conv2d_depthwise", conv(groups=4, stride=(2, 1), padding=(1, 1)), [(2, 4, 5, 6), (4, 1, 3, 3), (4,)])
golden("conv2d_no_bias", conv(padding=(1, 1)), [(2, 3, 5, 6), (4, 3, 3, 3)])

# ---- pools ------------------------------------------------------------------------------------------------------

images = ([(2, 3, 6, 8)], [(1, 2, 7, 5)], [(1, 1, 3, 3)])
golden("max_pool2d", lambda x: F.max_pool2d(x, 2, 2), *images, draw=spread)
golden("max_pool2d_padding", lambda x: F.max_pool2d(x, 3, 2, 1), *images, draw=spread)
golden("max_pool2d_ceil", lambda x: F.max_pool2d(x, 2, 2, 0, ceil_mode=True), *images, draw=spread)
golden("max_pool2d_tall", lambda x: F.max_pool2d(x, (2, 2), (2, 1), (0, 1)), *images, draw=spread)
golden("average_pool2d", lambda x: F.avg_pool2d(x, 2, 2), *images)
golden("average_pool2d_padding", lambda x: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False), *images)
golden("average_pool2d_count_padding", lambda x: F.avg_pool2d(x, 3, 2, 1, count_include_pad=True), *images)
golden("average_pool2d_ceil", lambda x: F.avg_pool2d(x, 2, 2, 0, ceil_mode=True), *images)
golden("adaptive_average_pool2d", lambda x: F.adaptive_avg_pool2d(x, (2, 3)), *images)
golden("adaptive_max_pool2d", lambda x: F.adaptive_max_pool2d(x, (2, 3)), *images, draw=spread)

# ---- norms ------------------------------------------------------------------------------------------------------

batch = ([(4, 3, 5, 2), (3,), (3,)], [(2, 1, 3, 7), (1,), (1,)])


def running(channels):
    """Mean 0.1 (c + 1), variance 0.5 + 0.25 c."""
    c = torch.arange(channels, dtype=torch.float64)
    return 0.1 * (c + 1), 0.5 + 0.25 * c


def batch_norm(x, gamma, beta, training):
    mean, var = running(x.shape[1])
    return F.batch_norm(x, mean, var, gamma, beta, training, 0.1, 1e-5)


golden("batch_norm2d", lambda x, g, b: batch_norm(x, g, b, True), *batch)
golden("batch_norm2d_running", lambda x, g, b: batch_norm(x, g, b, False), *batch)
golden("batch_norm2d_relu", lambda x, g, b: torch.relu(batch_norm(x, g, b, True)), *batch)
golden("layer_norm", lambda x, g, b: F.layer_norm(x, (x.shape[-1],), g, b, 1e-5), [(3, 7), (7,), (7,)],
       [(2, 3, 33), (33,), (33,)])

# ---- softmax and its loss ---------------------------------------------------------------------------------------


def softmax_lengths(x):
    n = x.shape[-1]
    rows = x.reshape(-1, n)
    seen = torch.arange(n)[None, :] < lengths_for(rows.shape[0], n)[:, None]
    return torch.softmax(rows.masked_fill(~seen, -float("inf")), -1).reshape(x.shape)


rows = ([(3, 5)], [(1, 1)], [(2, 4, 37)])
golden("softmax", lambda x: torch.softmax(x, -1), *rows, draw=wide)
golden("softmax_lengths", softmax_lengths, [(3, 5)], [(6, 37)], draw=wide)
golden("log_softmax", lambda x: torch.log_softmax(x, -1), *rows, draw=wide)


def targets(x, masked=False):
    t = pattern(x.shape[0], x.shape[1])
    if masked:
        t[1::3] = -1  # rows 1, 4, 7, ...
    return t


logits = ([(7, 5)], [(4, 37)])
golden("cross_entropy", lambda x: F.cross_entropy(x, targets(x)), *logits, draw=wide)
golden("cross_entropy_masked", lambda x: F.cross_entropy(x, targets(x, True), ignore_index=-1), *logits, draw=wide)
golden("cross_entropy_sum", lambda x: F.cross_entropy(x, targets(x, True), ignore_index=-1, reduction="sum"), *logits,
       draw=wide)
golden("cross_entropy_smoothing",
       lambda x: F.cross_entropy(x, targets(x, True), ignore_index=-1, label_smoothing=0.1), *logits, draw=wide)

def ctc_labels(shape, lengths):
    """As in tests/ops/ctc_loss.cpp: pairs of equal symbols that just fit, fewer, and none."""
    steps, batch, classes = shape
    frames = [max(steps - n % 3, 0) for n in range(batch)]
    most = [2 * frames[n] // 3 for n in range(batch)]
    labels = [[(i + n) // 2 % (classes - 1) for i in range(0 if n % 4 == 3 else most[n] - n % 2)] for n in range(batch)]
    return labels, frames if lengths else [steps] * batch


def ctc(lengths=False, first=0, too_long=False):
    def loss(x):
        labels, frames = ctc_labels(x.shape, lengths)
        if too_long:
            labels[::3] = [[0] * (x.shape[0] // 2 + 1) for _ in labels[::3]]
        flat = torch.tensor([c + first for label in labels for c in label], dtype=torch.long)
        return F.ctc_loss(torch.log_softmax(x, 2), flat, torch.tensor(frames), torch.tensor([len(v) for v in labels]),
                          blank=0 if first else x.shape[2] - 1, reduction="none", zero_infinity=too_long)

    return loss


frames = ([(5, 3, 4)], [(7, 5, 6)], [(12, 2, 37)])
golden("ctc_loss", ctc(), *frames, draw=wide)
golden("ctc_loss_lengths", ctc(lengths=True), *frames, draw=wide)
golden("ctc_loss_blank_first", ctc(first=1), *frames, draw=wide)
golden("ctc_loss_zero_infinity", ctc(too_long=True), *frames, draw=wide)

# ---- sequences --------------------------------------------------------------------------------------------------


def turned(x, n):
    """Each sequence of x (T, N, C) back to front over its own first n steps, zero behind."""
    t = torch.arange(x.shape[0])[:, None]
    at = torch.where(t < n[None, :], n[None, :] - 1 - t, t)
    return x.gather(0, at[:, :, None].expand(-1, -1, x.shape[2])) * (t < n[None, :])[:, :, None]


def sequence(cell, x, wx, wh, bx, bh, n=None, reverse=False):
    steps, batch, hidden = x.shape[0], x.shape[1], wh.shape[1]
    n = torch.full((batch,), steps) if n is None else n
    if reverse:
        x = turned(x, n)
    zero = torch.zeros(1, batch, hidden, dtype=x.dtype)
    if cell == "lstm":
        y = torch._VF.lstm(x, (zero, zero), (wx, wh, bx, bh), True, 1, 0.0, False, False, False)[0]
    else:
        y = torch._VF.gru(x, zero, (wx, wh, bx, bh), True, 1, 0.0, False, False, False)[0]
    y = y * (torch.arange(steps)[:, None] < n[None, :])[:, :, None]
    return turned(y, n) if reverse else y


def some(x):
    """Lengths of a batch of sequences."""
    return 1 + pattern(x.shape[1], x.shape[0])


for cell, gates in (("lstm", 4), ("gru", 3)):
    sizes = [[(t, n, i), (gates * h, i), (gates * h, h), (gates * h,), (gates * h,)]
             for t, n, i, h in ((1, 1, 1, 1), (5, 3, 4, 2), (4, 2, 3, 9))]
    golden(cell, lambda *a, cell=cell: sequence(cell, *a), *sizes)
    golden(cell + "_reverse", lambda *a, cell=cell: sequence(cell, *a, reverse=True), *sizes)
    golden(cell + "_lengths", lambda *a, cell=cell: sequence(cell, *a, n=some(a[0])), *sizes)
    golden(cell + "_lengths_reverse", lambda *a, cell=cell: sequence(cell, *a, n=some(a[0]), reverse=True), *sizes)


def both_ways(cell, x, *w, n=None):
    return torch.cat([sequence(cell, x, *w[:4], n=n), sequence(cell, x, *w[4:], n=n, reverse=True)], 2)


for cell, gates in (("lstm", 4), ("gru", 3)):
    weights = lambda i, h: [(gates * h, i), (gates * h, h), (gates * h,), (gates * h,)] * 2
    sizes = [[(5, 3, 4), *weights(4, 2)], [(4, 2, 3), *weights(3, 9)]]
    golden("bidirectional_" + cell, lambda *a, cell=cell: both_ways(cell, *a), *sizes)
    golden(f"bidirectional_{cell}_lengths", lambda *a, cell=cell: both_ways(cell, *a, n=some(a[0])), *sizes)


def gru_cell(a, h, wh, bh):
    eye = torch.eye(a.shape[1], dtype=a.dtype)
    return torch._VF.gru_cell(a, h, eye, wh, torch.zeros(a.shape[1], dtype=a.dtype), bh)


golden("gru_cell", gru_cell, [(3, 12), (3, 4), (12, 4), (12,)], [(1, 3), (1, 1), (3, 1), (3,)])


def scores(q, k, w):
    return torch.tanh(q[:, None, :] + k) @ w


def attention(q, k, w, h, n=None):
    e = scores(q, k, w)
    if n is not None:
        e = e.masked_fill(torch.arange(e.shape[1])[None, :] >= n[:, None], -float("inf"))
    return torch.einsum("nt,ntc->nc", torch.softmax(e, 1), h)


golden("additive_scores", scores, [(2, 5), (2, 7, 5), (5,)], [(1, 1), (1, 1, 1), (1,)])
golden("attend", lambda a, h: torch.einsum("nt,ntc->nc", a, h), [(2, 7), (2, 7, 5)])
looks = ([(2, 5), (2, 7, 5), (5,), (2, 7, 3)], [(4, 3), (4, 6, 3), (3,), (4, 6, 4)])
golden("additive_attention", attention, *looks)
golden("additive_attention_lengths", lambda q, k, w, h: attention(q, k, w, h, lengths_for(q.shape[0], k.shape[1])),
       *looks)


def attention_gru(h, k, x, w_query, b_query, score, w_glimpse, b_glimpse, wh, bh):
    s, states = torch.zeros(h.shape[0], wh.shape[1], dtype=h.dtype), []
    for sums in x:
        g = attention(F.linear(s, w_query, b_query), k, score, h)
        s = gru_cell(F.linear(g, w_glimpse, b_glimpse) + sums, s, wh, bh)
        states.append(s)
    return torch.stack(states)


golden("attention_gru", attention_gru,
       [(3, 4, 5), (3, 4, 2), (3, 3, 9), (2, 3), (2,), (2,), (9, 5), (9,), (9, 3), (9,)],
       [(2, 7, 3), (2, 7, 9), (2, 2, 15), (9, 5), (9,), (9,), (15, 3), (15,), (15, 5), (15,)])



def multi_head(q, k, v, heads=2):
    """PyTorch's own, with weights that only pass its inputs on."""
    width, eye = q.shape[2], torch.eye(q.shape[2], dtype=q.dtype)
    zero = torch.zeros(width, dtype=q.dtype)
    y, _ = F.multi_head_attention_forward(
        q.transpose(0, 1), k.transpose(0, 1), v.transpose(0, 1), width, heads, None, zero.repeat(3), None, None,
        False, 0.0, eye, zero, use_separate_proj_weight=True, q_proj_weight=eye, k_proj_weight=eye, v_proj_weight=eye)
    return y.transpose(0, 1)


def dot_attention(q, k, v, n=None):
    e = q @ k.transpose(1, 2) / q.shape[2] ** 0.5
    if n is not None:
        e = e.masked_fill(torch.arange(e.shape[2])[None, None, :] >= n[:, None, None], -float("inf"))
    return torch.softmax(e, 2) @ v


asked = ([(2, 3, 4), (2, 5, 4), (2, 5, 4)], [(3, 1, 6), (3, 7, 6), (3, 7, 6)])
golden("dot_scores", lambda q, k: 0.5 * q @ k.transpose(1, 2), *[case[:2] for case in asked])
golden("dot_product_attention", dot_attention, *asked)
golden("dot_product_attention_lengths", lambda q, k, v: dot_attention(q, k, v, lengths_for(q.shape[0], k.shape[1])), *asked)
golden("multi_head", multi_head, *asked)


def windows(e):
    """As in tests/ops/attention_weights.cpp: from 0 to n - 1 positions in, at least one long."""
    n = e.shape[1]
    begin = pattern(e.shape[0], n)
    end = torch.minimum(begin + 1 + torch.arange(e.shape[0]) % 3, torch.tensor(n))
    at = torch.arange(n)[None, :]
    return (at >= begin[:, None]) & (at < end[:, None])


def logistic(e, seen=None):
    s = torch.sigmoid(e) if seen is None else torch.sigmoid(e) * seen
    return s / s.sum(1, keepdim=True)


weighed = ([(3, 5)], [(4, 9)])
golden("attention_weights", lambda e: torch.softmax(e.masked_fill(~windows(e), -float("inf")), 1), *weighed, draw=wide)
golden("attention_weights_logistic", logistic, *weighed, draw=wide)
golden("attention_weights_logistic_windows", lambda e: logistic(e, windows(e)), *weighed, draw=wide)


def location(a, w):
    taps = w.shape[1]
    padded = F.pad(a[:, None], (taps // 2, taps - 1 - taps // 2))
    return F.conv1d(padded, w[:, None]).transpose(1, 2)


golden("location_features", location, [(2, 7), (3, 5)], [(3, 4), (2, 9)], [(1, 1), (1, 1)], [(2, 6), (2, 4)])


def doubly_stochastic(a, looks=None):
    if looks is not None:
        a = a * (torch.arange(a.shape[0])[:, None] < looks[None, :])[:, :, None]
    return ((1 - a.sum(0)) ** 2).sum(1).mean()


looked = ([(4, 3, 5)], [(1, 2, 9)])
golden("doubly_stochastic_penalty", doubly_stochastic, *looked)
golden("doubly_stochastic_penalty_looks", lambda a: doubly_stochastic(a, pattern(a.shape[1], a.shape[0] + 1)), *looked)

# ---- images ---------------------------------------------------------------------------------------------------


def sample(padding):
    return lambda x, g: F.grid_sample(x, g, "bilinear", padding, align_corners=False)


samples = ([(2, 3, 5, 7), (2, 4, 3, 2)], [(1, 1, 1, 1), (1, 2, 2, 2)], [(1, 2, 8, 6), (1, 5, 9, 2)])
golden("grid_sample", sample("border"), *samples, draws={1: Draw(-1.3, 1.3)})
golden("grid_sample_zeros", sample("zeros"), *samples, draws={1: Draw(-1.3, 1.3)})


def radial(d2):
    return torch.where(d2 > 0, d2 * torch.log(d2.clamp(min=1e-300)), torch.zeros_like(d2))


def tps(c, h, w):
    """Solves for the map of every image, (1) and (2) of ops/tps_grid.hpp, without the constant matrix of (3)."""
    points = c.shape[1]
    along = torch.linspace(-1, 1, points // 2, dtype=c.dtype)
    base = torch.cat([torch.stack([along, torch.full_like(along, y)], 1) for y in (-1, 1)])
    delta = torch.zeros(points + 3, points + 3, dtype=c.dtype)
    delta[:points, 0] = 1
    delta[:points, 1:3] = base
    delta[:points, 3:] = radial(((base[:, None] - base[None]) ** 2).sum(-1))
    delta[points, 3:] = 1
    delta[points + 1 :, 3:] = base.T
    right = torch.cat([c, torch.zeros(c.shape[0], 3, 2, dtype=c.dtype)], 1)
    t = torch.linalg.solve(delta, right)
    x = (2 * torch.arange(w, dtype=c.dtype) + 1) / w - 1
    y = (2 * torch.arange(h, dtype=c.dtype) + 1) / h - 1
    place = torch.stack([x[None, :].expand(h, w), y[:, None].expand(h, w)], -1).reshape(-1, 2)
    terms = torch.cat([torch.ones(h * w, 1, dtype=c.dtype), place, radial(((place[:, None] - base[None]) ** 2).sum(-1))], 1)
    return (terms @ t).reshape(c.shape[0], h, w, 2)


golden("tps_grid", lambda c: tps(c, 5, 7), [(2, 4, 2)], [(1, 20, 2)])


def resize(h, w, antialias=False):
    return lambda x: F.interpolate(x, (h, w), mode="bilinear", align_corners=False, antialias=antialias)


golden("resize_bilinear", resize(4, 9), [(2, 3, 6, 7)], [(1, 1, 1, 1)], [(1, 2, 11, 5)])
golden("resize_bilinear_antialias", resize(4, 9, True), [(2, 3, 9, 13)], [(1, 2, 11, 5)])

if __name__ == "__main__":
    for name in sys.argv[1:] or makers:
        makers[name]()
