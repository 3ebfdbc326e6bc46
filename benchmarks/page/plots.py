"""The images of docs/performance.md."""
import math
import os

import matplotlib

matplotlib.use('svg')
from matplotlib import pyplot

from page.rows import LAYERS, gflop, layer_shape

SIDES = {'glimpse': 'Glimpse', 'tuned': 'PyTorch tuned'}
COLORS = {'glimpse': '#1f6fb4', 'tuned': '#d9822b', 'onednn': '#4b9e5f', 'products': '#7b4fa3',
           'memory': '#b4443c', 'roof': '#888888'}

pyplot.rcParams.update({
    'svg.hashsalt': 'glimpse', 'font.family': 'DejaVu Sans', 'font.size': 10,
    'axes.spines.top': False, 'axes.spines.right': False, 'axes.edgecolor': '#555555',
    'axes.grid': True, 'grid.color': '#e6e6e6', 'axes.axisbelow': True, 'axes.titlesize': 11,
    'axes.titlelocation': 'left', 'lines.linewidth': 2, 'lines.markersize': 6,
    'figure.facecolor': 'white', 'text.color': '#222222'})


def save(figure, folder, name):
    figure.tight_layout()
    path = os.path.join(folder, f'performance_{name}.svg')
    figure.savefig(path, metadata={'Date': None})
    pyplot.close(figure)


def plain_log(axis, ticks):
    axis.set_major_locator(matplotlib.ticker.FixedLocator(ticks))
    axis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda v, _: f'{v:g}'))
    axis.set_minor_locator(matplotlib.ticker.NullLocator())


def beside(axes, text, at, offset, **style):
    axes.annotate(text, at, offset, textcoords='offset points', **style)


def curve(axes, measured, axis, what, fixed):
    """Milliseconds per image against the batch or the width, for both sides."""
    for who in ('tuned', 'glimpse'):
        points = []
        for (w, model, task, batch, width, threads), ms in measured.step.items():
            at = {'batch': int(batch), 'width': int(width)}
            if (w, model, task, threads) == (who, 'rare', what, '2') \
                    and all(at[k] == v for k, v in fixed.items()):
                points.append((at[axis], ms / at['batch']))
        if points:
            points.sort()
            axes.plot(*zip(*points), 'o-', color=COLORS[who])
            if axis == 'batch':
                at = (8, 4) if who == 'tuned' else (-4, -16)
                beside(axes, SIDES[who], points[0], at, color=COLORS[who])
            else:
                beside(axes, SIDES[who], points[-1], (0, 9), ha='right', color=COLORS[who])
    axes.set_title(f'RARE, {what}')
    axes.set_ylabel('milliseconds an image')
    axes.margins(0.08, 0.25)


def batch(measured, folder):
    figure, axes = pyplot.subplots(1, 2, figsize=(9, 3.6))
    for a, what in zip(axes, ('training', 'reading')):
        a.set_xscale('log', base=2)
        a.set_yscale('log')
        curve(a, measured, 'batch', what, {'width': 100})
        plain_log(a.xaxis, [1, 4, 16, 32, 64])
        plain_log(a.yaxis, [1, 2, 3, 5, 10, 20, 30, 50, 100, 200])
        a.set_xlabel('images in a batch')
    save(figure, folder, 'batch')


def width(measured, folder):
    figure, axes = pyplot.subplots(figsize=(5.4, 3.6))
    curve(axes, measured, 'width', 'training', {'batch': 16})
    axes.set_xticks([100, 160, 240, 320])
    axes.set_ylim(bottom=0)
    axes.set_xlabel('width of the image, pixels (batch 16)')
    save(figure, folder, 'width')


def threads(measured, folder):
    figure, axes = pyplot.subplots(figsize=(8, 3.6))
    cases = [(model, what) for model in ('rare', 'crnn') for what in ('training', 'reading')]
    for i, (model, what) in enumerate(cases):
        for j, who in enumerate(('tuned', 'glimpse')):
            for n in (1, 2):
                speed = measured.rate.get((who, model, what, '64', '100', str(n)))
                if speed is None:
                    continue
                x = i + (j - 0.5) * 0.42 + (n - 1.5) * 0.2
                axes.bar(x, speed, 0.18, color=COLORS[who], alpha=1 if n == 2 else 0.5)
                beside(axes, f'{speed:.0f}', (x, speed), (0, 2), ha='center', fontsize=8)
    axes.set_xticks(range(len(cases)), [f'{model.upper()} {what}' for model, what in cases])
    axes.grid(axis='x', visible=False)
    axes.set_ylabel('images a second')
    axes.set_title('Batch 64 on one thread (pale) and on two')
    for y, who in ((0.9, 'glimpse'), (0.8, 'tuned')):
        axes.text(0.02, y, SIDES[who], transform=axes.transAxes, color=COLORS[who])
    save(figure, folder, 'threads')


# Operations per byte moved, for operations limited by memory, and the offset of the name from
# its point.
BOUND = {'add': (1 / 12, 5, -9), 'relu': (1 / 8, -24, 3), 'max_pool_2x2': (3 / 20, 7, -4),
         'adadelta': (12 / 28, 6, -3), 'batch_norm_relu': (6 / 8, 6, -3),
         'softmax': (12 / 8, 6, -8), 'grid_sample': (20 / 16, 6, 1)}
SHORT = {'1-64@32x100': ('1 to 64', 7, -3, 'left'),
         '512-512k2@2x27': ('512 to 512, 2x2', 7, -3, 'left'),
         '64-128@16x50': ('64 to 128', -7, -3, 'right'),
         '512-512@4x26': ('512 to 512, 3x3', 0, 9, 'right')}


def roofs(axes, measured, x0, x1):
    fma, memory, cache = (measured.top['glimpse', what, '2']
                          for what in ('multiply-add', 'triad memory', 'triad L2'))
    across, up = (math.log10(b / a) for a, b in (axes.get_xlim(), axes.get_ylim()))
    slope = math.degrees(math.atan(4.2 / up / (7.2 / across)))  # angle of a line of slope one in the plot
    axes.plot([fma / cache, x1], [fma, fma], color=COLORS['roof'], linewidth=1.5)
    for speed, name, x in ((memory, 'memory', 1.2), (cache, 'second-level cache', 0.06)):
        axes.plot([x0, fma / speed], [x0 * speed, fma], color=COLORS['roof'], linewidth=1.5)
        axes.text(x, 1.2 * x * speed, f'{name}, {speed:.0f} GB/s', color='#666666', fontsize=8,
                  rotation=slope, rotation_mode='anchor')
    beside(axes, f'multiply-adds of two cores, {fma:.0f} GFLOP/s', (1.1, fma), (0, 5),
           color='#666666', fontsize=8)


def roofline(measured, folder):
    figure, axes = pyplot.subplots(figsize=(8, 5))
    axes.set_xscale('log')
    axes.set_yscale('log')
    x0, x1 = 0.05, 1000
    axes.set_xlim(x0, x1)
    axes.set_ylim(0.8, 1300)
    roofs(axes, measured, x0, x1)
    plain_log(axes.xaxis, [0.1, 1, 10, 100, 1000])
    plain_log(axes.yaxis, [1, 10, 100, 1000])

    def point(x, y, name, who, offset, marker='o', side='left'):
        axes.plot([x], [y], marker, color=COLORS[who], markersize=5.5)
        beside(axes, name, (x, y), offset, fontsize=8, color=COLORS[who], ha=side)
    for layer in LAYERS:
        a, b, k, h, w = layer_shape(layer)
        moved = 4e-9 * (64 * (a + b) * h * w + a * b * k * k)
        for who, marker in (('onednn', '^'), ('glimpse', 'o')):
            ms = measured.best_conv(who, layer, 'forward', '2')
            if ms:
                name, dx, dy, side = ('', 0, 0, 'left')
                if who == 'glimpse' and layer in SHORT:
                    name, dx, dy, side = SHORT[layer]
                point(gflop(layer) / moved, 1e3 * gflop(layer) / ms, name, who, (dx, dy), marker,
                      side)
    shown = {(512, 512, 512), (64, 1024, 256), (37, 64, 256)}
    for (*sizes, _, n_threads, who), speed in measured.products.items():
        m, n, k = map(int, sizes)
        if who == 'glimpse' and n_threads == '2' and (m, n, k) in shown:
            moved = 4 * (m * k + k * n + m * n)
            point(2 * m * n * k / moved, speed, f'{m} x {n} x {k}', 'products', (5, -10))
            shown.remove((m, n, k))
    for (who, op, step, n_threads), speed in measured.speed.items():
        if who == 'glimpse' and n_threads == '2' and step in ('forward', 'step') and op in BOUND:
            x, *offset = BOUND[op]
            point(x, x * speed, op.replace('_', ' '), 'memory', offset)
    axes.set_xlabel('operations of the defining sum for each byte that must move')
    axes.set_ylabel('GFLOP/s')
    axes.set_title('Roofline, two threads')
    key = (('convolutions, forward: Glimpse (dots)', 'glimpse'),
           ('oneDNN at the same (triangles)', 'onednn'), ('products of matrices', 'products'),
           ('what memory bounds, forward', 'memory'))
    for i, (text, who) in enumerate(key):
        axes.text(0.6, 0.3 - 0.05 * i, text, transform=axes.transAxes, color=COLORS[who],
                  fontsize=9)
    save(figure, folder, 'roofline')
