"""Makes docs/performance.md and its pictures from what benchmarks/compare.sh measured.

  report.py MEASURED DOCS            MEASURED: build/compare, a .tsv file for each part, contestant and round

Every figure is the median over the rounds. Nothing is measured here, so the page can be made anew at any time.
"""
import collections
import math
import os
import re
import statistics
import sys

import matplotlib

matplotlib.use('svg')
from matplotlib import pyplot

MEASURED, DOCS = sys.argv[1:3] if len(sys.argv) == 3 else sys.exit(__doc__)
SIDES = {'glimpse': 'Glimpse', 'tuned': 'PyTorch tuned', 'channels_last': 'PyTorch tuned, channels last',
         'installed': 'PyTorch as installed', 'onednn': 'oneDNN'}
COLOURS = {'glimpse': '#1f6fb4', 'tuned': '#d9822b', 'channels_last': '#e9b07a', 'installed': '#9a9a9a', 'onednn': '#4b9e5f'}

# What was measured -----------------------------------------------------------------------------------------------------


def files(part):
    """Rows of every file of a part, with its contestant."""
    for name in sorted(os.listdir(MEASURED)):
        pieces = name.split('.')
        if pieces[0] != part or pieces[-1] != 'tsv':
            continue
        with open(os.path.join(MEASURED, name)) as file:
            rows = [line.rstrip('\n').split('\t') for line in file if line.strip() and not line.startswith('#')]
        yield pieces[1], pieces, rows


def medians(part, key, value, wanted=lambda row: True):
    """{(contestant, key...): median over rounds}; rows without a number at `value` are headings."""
    found = collections.defaultdict(list)
    for who, _, rows in files(part):
        for row in rows:
            if len(row) > value and re.fullmatch(r'-?[\d.]+', row[value]) and wanted(row):
                found[(who,) + tuple(row[k] for k in key)].append(float(row[value]))
    return {k: statistics.median(v) for k, v in found.items()}


def facts():
    with open(os.path.join(MEASURED, 'machine.tsv')) as file:
        return dict(line.rstrip('\n').split('\t', 1) for line in file if '\t' in line)


MACHINE = facts()
STEP = {}   # (who, model, what, batch, width, threads): ms
RATE = {}   # the same: pictures/s
PEAK = {}   # the same: MB
for part in ('models', 'sweep'):
    for table, column in ((STEP, 6), (RATE, 7), (PEAK, 8)):
        table.update(medians(part, (0, 2, 3, 4, 5), column))
IMPORT = medians('models', (0, 2, 3, 4, 5), 9)
CONV = medians('conv', (0, 1, 2, 3), 5)              # (who, layer, pass, algorithm, threads): ms
RECURRENT = medians('recurrent', (0, 1, 2, 3), 4)    # (who, op, pass, threads, batch): ms
CTC = medians('ctc', (0, 1, 2), 3)                   # (who, op, pass, threads): ms
MEMORY = medians('memory', (0, 1, 2), 3)             # (who, op, pass, threads): ms
SPEED = medians('memory', (0, 1, 2), 4)              # the same: GB/s
TOP = medians('peak', (0, 1), 2)                     # (who, what, threads): GFLOP/s or GB/s

# Text ------------------------------------------------------------------------------------------------------------------


def number(x, digits=3):
    """Three digits that count, without an exponent."""
    if x is None:
        return ''
    if x >= 1000:
        return f'{x:,.0f}'
    return f'{x:.{max(0, digits - len(str(int(x))))}f}' if x >= 1 else f'{x:.{digits}g}'


def ratio(x):
    return '' if x is None else f'{x:.2f}'


def quotient(a, b):
    return a / b if a and b else None


def table(head, rows, bold=1):
    out = ['| ' + ' | '.join(head) + ' |', '|' + '---|' * bold + '---:|' * (len(head) - bold)]
    return '\n'.join(out + ['| ' + ' | '.join(row) + ' |' for row in rows])


def caption(*more):
    parts = [MACHINE['cpu'], f"`{MACHINE['compiler']}`, `{MACHINE['flags']}`", *more,
             f"commit {MACHINE['commit']}, {MACHINE['date']}"]
    return '*' + '; '.join(parts) + '.*'


TORCH = f"PyTorch {MACHINE['torch']}"
MISSED = []


def against(name, value, goal, least=True):
    """`value` with a mark where it reaches the goal; what does not is told at the end of the page."""
    if value is None:
        return '', ratio(goal)
    reached = value >= goal if least else value <= goal
    if not reached:
        MISSED.append(f'{name}: {value:.2f} where {goal:.2f} was to be reached')
    return (f'**{value:.2f}**' if reached else f'{value:.2f}'), ratio(goal)


# The parts of the page -------------------------------------------------------------------------------------------------

GOALS = [('RARE training, batch 64', 'rare', 'training', '64', 180 / 60),
         ('RARE training, batch 16', 'rare', 'training', '16', 160 / 52),
         ('CRNN training, batch 64', 'crnn', 'training', '64', 260 / 86),
         ('RARE reading, batch 1', 'rare', 'reading', '1', 13.5 / 3.5),
         ('RARE reading, batch 64', 'rare', 'reading', '64', 560 / 159),
         ('CRNN reading, batch 64', 'crnn', 'reading', '64', 800 / 228)]


def whole_steps():
    rows = []
    for name, model, what, batch, goal in GOALS:
        key = (model, what, batch, '100', '2')
        mine = STEP.get(('glimpse',) + key)
        shown, wanted = against(name, quotient(STEP.get(('tuned',) + key), mine), goal)

        def cell(who):
            if (who,) + key not in STEP:
                return ''
            return f'{number(STEP[(who,) + key])} ms' if batch == '1' else f'{number(RATE[(who,) + key])} /s'
        rows.append([name, shown, wanted, ratio(quotient(STEP.get(('channels_last',) + key), mine)), cell('glimpse'),
                     cell('tuned'), cell('channels_last'), cell('installed')])
    key = ('rare', 'training', '64', '100', '2')
    memory = [PEAK.get((who,) + key) for who in ('glimpse', 'tuned', 'channels_last', 'installed')]
    shown, wanted = against('peak memory, RARE training, batch 64', quotient(memory[0], memory[1]), 500 / 1200, least=False)
    rows.append(['peak memory, RARE training, batch 64', shown, wanted, ratio(quotient(memory[0], memory[2]))] +
                [f'{number(m)} MB' if m else '' for m in memory])
    head = ['2 threads', 'times PyTorch tuned', 'to reach', 'times channels last', 'Glimpse', 'PyTorch tuned',
            'tuned, channels last', 'as installed']
    return table(head, rows)


def threads_table():
    rows = []
    for model in ('rare', 'crnn'):
        for what, batch in (('training', '64'), ('training', '16'), ('reading', '64'), ('reading', '1')):
            t = {(who, n): STEP.get((who, model, what, batch, '100', n)) for who in ('glimpse', 'tuned') for n in '12'}
            if not any(t.values()):
                continue
            rows.append([f'{model.upper()} {what}, batch {batch}',
                         ratio(quotient(t['tuned', '1'], t['glimpse', '1'])),
                         ratio(quotient(t['tuned', '2'], t['glimpse', '2'])),
                         number(t['glimpse', '1']), number(t['glimpse', '2']),
                         ratio(quotient(t['glimpse', '1'], t['glimpse', '2'])),
                         number(t['tuned', '1']), number(t['tuned', '2']), ratio(quotient(t['tuned', '1'], t['tuned', '2']))])
    return table(['ms', 'times tuned, 1 thread', '2 threads', 'Glimpse, 1 thread', '2 threads', 'gain',
                  'PyTorch tuned, 1 thread', '2 threads', 'gain'], rows)


def memory_table():
    rows = []
    for model in ('rare', 'crnn'):
        for what, batch in (('training', '64'), ('training', '16'), ('reading', '64'), ('reading', '1')):
            key = (model, what, batch, '100', '2')
            mine, theirs, bare = (t.get((who,) + key) for t, who in ((PEAK, 'glimpse'), (PEAK, 'tuned'), (IMPORT, 'tuned')))
            if mine and theirs:
                rows.append([f'{model.upper()} {what}, batch {batch}', ratio(mine / theirs), ratio(mine / (theirs - bare)),
                             number(mine), number(theirs), number(bare)])
    return table(['MB', 'of PyTorch tuned', 'of the same without the import', 'Glimpse', 'PyTorch tuned', 'of it the import'], rows)


LAYERS = {'1-64@32x100': '1 to 64 at 32x100', '64-128@16x50': '64 to 128 at 16x50', '128-256@8x25': '128 to 256 at 8x25',
          '256-256@8x25': '256 to 256 at 8x25', '256-512@4x26': '256 to 512 at 4x26', '512-512@4x26': '512 to 512 at 4x26',
          '512-512k2@2x27': '512 to 512, 2x2, at 2x27'}
PASSES = ('forward', 'data', 'weights')


def layer_shape(layer):
    """Channels in and out, size of the filter, height, width."""
    return map(int, re.fullmatch(r'(\d+)-(\d+)(?:k(\d))?@(\d+)x(\d+)', layer).groups(default='3'))


def gflop(layer):
    a, b, k, h, w = layer_shape(layer)
    if k == 2:
        h, w = h - 1, w - 1
    return 2e-9 * 64 * a * b * k * k * h * w


def best(who, layer, step, threads):
    times = [ms for (w, l, p, _, t), ms in CONV.items() if (w, l, p, t) == (who, layer, step, threads)]
    return min(times) if times else None


def convolutions(threads):
    rows, sums = [], collections.defaultdict(float)
    for layer, name in LAYERS.items():
        mine = [best('glimpse', layer, p, threads) for p in PASSES]
        theirs = [best('onednn', layer, p, threads) for p in PASSES]
        if None in mine + theirs:
            continue
        value = sum(mine) / sum(theirs)
        shown = ratio(value)
        if threads == '2':
            shown = against(f'convolution {name}, of oneDNN', value, 0.75, least=False)[0]
        for i in range(3):
            sums['mine', i] += mine[i]
            sums['theirs', i] += theirs[i]
        rows.append([name, shown, ' / '.join(ratio(a / b) for a, b in zip(mine, theirs)),
                     ' / '.join(number(x) for x in mine), ' / '.join(number(x) for x in theirs),
                     ' / '.join(number(1e3 * gflop(layer) / x) for x in mine)])
    if rows:
        mine, theirs = ([sums[side, i] for i in range(3)] for side in ('mine', 'theirs'))
        total = sum(gflop(layer) for layer in LAYERS)
        rows.append(['sum', ratio(sum(mine) / sum(theirs)), ' / '.join(ratio(a / b) for a, b in zip(mine, theirs)),
                     ' / '.join(number(x) for x in mine), ' / '.join(number(x) for x in theirs),
                     ' / '.join(number(1e3 * total / x) for x in mine)])
    return table([f'batch 64, {threads} thread{"s" if threads == "2" else ""}', 'of oneDNN, three passes', 'each',
                  'Glimpse, ms', "oneDNN's best, ms", 'Glimpse, GFLOP/s of the defining sum'], rows)


def operations():
    """Single operations: (name, pass): {(who, threads): ms}."""
    found = collections.OrderedDict()
    for (who, op, step, threads, batch), ms in RECURRENT.items():
        found.setdefault((f"{op.replace('_', ' ')}, batch {batch}", step), {})[who, threads] = ms
    for (who, op, step, threads), ms in CTC.items():
        found.setdefault((op.replace('_', ' ').replace(' batch', ', batch'), step), {})[who, threads] = ms
    for (who, op, step, threads), ms in MEMORY.items():
        if op != 'triad' and ms > 1e-3:  # what only hands a gradient on is not timed
            found.setdefault((op.replace('_', ' '), step), {})[who, threads] = ms
    return found


def operations_table():
    rows = []
    found = operations()
    names = list(collections.OrderedDict.fromkeys(name for name, _ in found))
    for name in names:
        steps = [s for n, s in found if n == name]
        for step in steps:
            t = found[name, step]
            if not {('glimpse', '2'), ('tuned', '2')} <= set(t):
                continue
            of_triad = SPEED.get(('glimpse', name.replace(' ', '_'), step, '2')) or SPEED.get(('glimpse', name, step, '2'))
            rows.append([name, step, ratio(quotient(t['tuned', '2'], t['glimpse', '2'])),
                         ratio(quotient(t.get(('tuned', '1')), t.get(('glimpse', '1')))),
                         number(t['glimpse', '2']), number(t['tuned', '2']), number(of_triad)])
    return table(['', 'pass', 'times PyTorch tuned, 2 threads', '1 thread', 'Glimpse, ms', 'PyTorch tuned, ms', 'Glimpse, GB/s'],
                 rows, 2)


def products_table():
    """Rows of benchmarks/simd/gemm and benchmarks/opponents: see GEMM below."""
    rows = []
    for (shape, threads), t in GEMM.items():
        if 'glimpse' not in t:
            continue
        mine, top = t['glimpse'], t.get('peak')
        goal = 95 if shape.startswith('512 x 512 x 512') else None
        rows.append([shape, threads, f'{100 * mine / top:.0f}' if top else '', f'{goal}' if goal else '85',
                     ratio(quotient(mine, t.get('onednn'))), ratio(quotient(mine, t.get('openblas'))),
                     ratio(quotient(mine, t.get('eigen'))), number(mine), number(t.get('onednn')),
                     number(t.get('openblas')), number(t.get('eigen'))])
        if top and 100 * mine / top < (goal or 85):
            MISSED.append(f'product {shape}, {threads} threads: {100 * mine / top:.0f} % of peak where {goal or 85} was to be reached')
    return table(['m x n x k', 'threads', '% of peak', 'to reach', 'times oneDNN', 'times OpenBLAS', 'times Eigen',
                  'Glimpse, GFLOP/s', 'oneDNN', 'OpenBLAS', 'Eigen'], rows) if rows else ''


def products():
    """{(shape, threads): {who: GFLOP/s}}; the peak is the one measured beside."""
    found = collections.OrderedDict()
    for (who, m, n, k, trans, threads), speed in medians('gemm', (0, 1, 2, 3, 4), 5).items():
        name = f'{m} x {n} x {k}' + (f' {trans}' if trans != 'NN' else '')
        found.setdefault((name, threads), {})[who] = speed
    return found


GEMM = products()


def same_work():
    rows = []
    for model in ('rare', 'crnn'):
        path = os.path.join(MEASURED, f'same_work.{model}.tsv')
        if not os.path.exists(path) or not os.path.getsize(path):
            sys.exit(f'report: {model}: nobody has shown that both sides do the same work (compare.sh --part same_work)')
        with open(path) as file:
            rows += [line.rstrip('\n').split('\t') for line in file]
    return table(['', 'what', 'distance', 'allowed'], [[r[0].upper()] + r[1:] for r in rows], 2)


# Pictures --------------------------------------------------------------------------------------------------------------

pyplot.rcParams.update({
    'svg.hashsalt': 'glimpse', 'font.family': 'DejaVu Sans', 'font.size': 10, 'axes.spines.top': False,
    'axes.spines.right': False, 'axes.edgecolor': '#555555', 'axes.grid': True, 'grid.color': '#e6e6e6',
    'axes.axisbelow': True, 'axes.titlesize': 11, 'axes.titlelocation': 'left', 'legend.frameon': False,
    'lines.linewidth': 2, 'lines.markersize': 6, 'figure.facecolor': 'white', 'text.color': '#222222'})


def save(figure, name):
    figure.tight_layout()
    figure.savefig(os.path.join(DOCS, 'images', f'performance_{name}.svg'), metadata={'Date': None})
    pyplot.close(figure)
    return f'images/performance_{name}.svg'


def curve(axes, axis, what, fixed):
    """Milliseconds a picture against one of batch and width, for both sides."""
    for who in ('tuned', 'glimpse'):
        points = []
        for (w, model, task, batch, width, threads), ms in STEP.items():
            at = {'batch': int(batch), 'width': int(width)}
            if (w, model, task, threads) == (who, 'rare', what, '2') and all(at[k] == v for k, v in fixed.items()):
                points.append((at[axis], ms / at['batch']))
        if points:
            points.sort()
            axes.plot(*zip(*points), 'o-', color=COLOURS[who])
            x, y = points[-1]
            axes.annotate(SIDES[who], (x, y), (0, -16), textcoords='offset points', ha='right', color=COLOURS[who])
    axes.set_title(f'RARE, {what}')
    axes.set_ylabel('milliseconds a picture')
    axes.margins(0.08, 0.25)


def plain_log(axis, ticks):
    axis.set_major_locator(matplotlib.ticker.FixedLocator(ticks))
    axis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda v, _: f'{v:g}'))
    axis.set_minor_locator(matplotlib.ticker.NullLocator())


def plot_batch():
    figure, axes = pyplot.subplots(1, 2, figsize=(9, 3.6))
    for a, what in zip(axes, ('training', 'reading')):
        a.set_xscale('log', base=2)
        a.set_yscale('log')
        curve(a, 'batch', what, {'width': 100})
        plain_log(a.xaxis, [1, 4, 16, 32, 64])
        plain_log(a.yaxis, [2, 3, 5, 10, 20, 30, 50, 100, 200])
        a.set_xlabel('pictures in a batch')
    return save(figure, 'batch')


def plot_width():
    figure, axes = pyplot.subplots(figsize=(5.4, 3.6))
    curve(axes, 'width', 'training', {'batch': 16})
    axes.set_xticks([100, 160, 240, 320])
    axes.set_ylim(bottom=0)
    axes.set_xlabel('width of the picture, pixels (batch 16)')
    return save(figure, 'width')


def plot_threads():
    cases = [(m, w, b) for m, w, b in (('rare', 'training', '64'), ('rare', 'reading', '64'), ('crnn', 'training', '64'),
                                       ('crnn', 'reading', '64')) if ('glimpse', m, w, b, '100', '2') in RATE]
    figure, axes = pyplot.subplots(figsize=(8, 3.6))
    for i, (m, w, b) in enumerate(cases):
        for j, who in enumerate(('tuned', 'glimpse')):
            for n in (1, 2):
                speed = RATE.get((who, m, w, b, '100', str(n)))
                if speed is None:
                    continue
                x = i + (j - 0.5) * 0.42 + (n - 1.5) * 0.2
                axes.bar(x, speed, 0.18, color=COLOURS[who], alpha=1 if n == 2 else 0.5)
                axes.annotate(f'{speed:.0f}', (x, speed), (0, 2), textcoords='offset points', ha='center', fontsize=8)
    axes.set_xticks(range(len(cases)), [f'{m.upper()} {w}' for m, w, _ in cases])
    axes.grid(axis='x', visible=False)
    axes.set_ylabel('pictures a second')
    axes.set_title('Batch 64 on one thread (pale) and on two')
    for y, who in ((0.9, 'glimpse'), (0.8, 'tuned')):
        axes.text(0.02, y, SIDES[who], transform=axes.transAxes, color=COLOURS[who])
    return save(figure, 'threads')


# Operations for each byte that must move, of what memory bounds, and where the name stands beside its point.
BOUND = {'add': (1 / 12, 5, -9), 'relu': (1 / 8, -24, 3), 'max_pool_2x2': (3 / 20, 7, -4), 'adadelta': (12 / 28, 6, -3),
         'batch_norm_relu': (6 / 8, 6, -3), 'softmax': (12 / 8, 6, -3), 'grid_sample': (20 / 16, 6, -3)}


def plot_roofline():
    fma, memory, cache = (TOP.get(('glimpse', what, '2')) for what in ('multiply-add', 'triad memory', 'triad L2'))
    figure, axes = pyplot.subplots(figsize=(8, 5))
    axes.set_xscale('log')
    axes.set_yscale('log')
    x0, x1 = 0.05, 1000
    axes.plot([fma / cache, x1], [fma, fma], color='#888888', linewidth=1.5)
    axes.set_xlim(x0, x1)
    axes.set_ylim(0.8, 1300)
    across, up = (math.log10(b / a) for a, b in (axes.get_xlim(), axes.get_ylim()))
    slope = math.degrees(math.atan(4.2 / up / (7.2 / across)))  # of a line of slope one, as drawn
    for speed, name, x in ((memory, 'memory', 1.2), (cache, 'second-level cache', 0.06)):
        axes.plot([x0, fma / speed], [x0 * speed, fma], color='#888888', linewidth=1.5)
        axes.text(x, 1.2 * x * speed, f'{name}, {speed:.0f} GB/s', color='#666666', fontsize=8,
                  rotation=slope, rotation_mode='anchor')
    plain_log(axes.xaxis, [0.1, 1, 10, 100, 1000])
    plain_log(axes.yaxis, [1, 10, 100, 1000])
    axes.annotate(f'multiply-adds of two cores, {fma:.0f} GFLOP/s', (2.5, fma), (0, 5), textcoords='offset points',
                  color='#666666', fontsize=8)

    def point(x, y, name, colour, offset=(6, -3), marker='o', side='left'):
        axes.plot([x], [y], marker, color=colour, markersize=5.5)
        axes.annotate(name, (x, y), offset, textcoords='offset points', fontsize=8, color=colour, ha=side)
    names = {'1-64@32x100': '1 to 64, direct', '512-512k2@2x27': '512 to 512, 2x2, direct', '64-128@16x50': '64 to 128',
             '128-256@8x25': '128 to 256', '512-512@4x26': '512 to 512'}
    for layer in LAYERS:
        a, b, k, h, w = layer_shape(layer)
        bytes_moved = 4 * (64 * (a + b) * h * w + a * b * k * k)
        for who, marker in (('onednn', '^'), ('glimpse', 'o')):
            ms = best(who, layer, 'forward', '2')
            if ms:
                point(1e9 * gflop(layer) / bytes_moved, 1e3 * gflop(layer) / ms,
                      names.get(layer, '') if who == 'glimpse' else '', COLOURS[who], (-6, 3), marker, 'right')
    for (shape, threads), t in GEMM.items():
        sizes = tuple(map(int, re.findall(r'\d+', shape)))
        if threads == '2' and 'glimpse' in t and sizes in ((512, 512, 512), (64, 1024, 256), (37, 64, 256)) and 'T' not in shape:
            m, n, k = sizes
            point(2 * m * n * k / (4 * (m * k + k * n + m * n)), t['glimpse'], f'{m} x {n} x {k}', '#7b4fa3', (5, -10))
    for (who, op, step, threads), speed in SPEED.items():
        if who == 'glimpse' and threads == '2' and step in ('forward', 'step') and op in BOUND:
            x, *offset = BOUND[op]
            point(x, x * speed, op.replace('_', ' '), '#b4443c', offset)
    axes.set_xlabel('operations of the defining sum for each byte that must move')
    axes.set_ylabel('GFLOP/s')
    axes.set_title('Roofline, two threads')
    for y, text, colour in ((0.30, 'convolutions, forward: Glimpse (dots)', COLOURS['glimpse']),
                            (0.25, 'oneDNN at the same (triangles)', COLOURS['onednn']),
                            (0.20, 'products of matrices', '#7b4fa3'), (0.15, 'what memory bounds, forward', '#b4443c')):
        axes.text(0.60, y, text, transform=axes.transAxes, color=colour, fontsize=9)
    return save(figure, 'roofline')


# The page --------------------------------------------------------------------------------------------------------------


def page():
    whole = whole_steps()
    conv2, conv1, gemm = convolutions('2'), convolutions('1'), products_table()
    missed = '\n'.join(f'- {line}' for line in MISSED) or '- nothing: every mark above was reached'
    fma = {n: TOP.get(('glimpse', 'multiply-add', n)) for n in '12'}
    triad = {n: TOP.get(('glimpse', 'triad memory', n)) for n in '12'}
    return f"""# Performance

Whole training steps and whole readings beside PyTorch, single operations beside PyTorch and oneDNN, all on the same two
cores in the same run. Made by `bash benchmarks/compare.sh`; the prose is made with it, by `benchmarks/report.py`.
Read the ratios: milliseconds belong to one machine and one afternoon.

The machine: {MACHINE['cpu']}, {MACHINE['cores']} cores, {MACHINE['isa']}. Measured beside everything else, it does
{number(fma['1'])} GFLOP/s of multiply-adds on one core and {number(fma['2'])} on both, and moves {number(triad['1'])} and
{number(triad['2'])} GB/s (triad from memory). Glimpse is compiled as `{MACHINE['compiler']} {MACHINE['flags']}`: no flag
names the CPU and no library is linked.

## Whole steps

Pictures 1 x 32 x 100, words of 11 letters (12 steps of the decoder). A training step is forward, loss, backward, clipping
and ADADELTA; a reading is greedy, with batch norms folded on both sides. A ratio above 1 means Glimpse is that many times
faster; of memory, less is better. Bold: the mark was reached.

{whole}

{caption(TORCH, '2 threads')}

PyTorch tuned is PyTorch with OpenBLAS built for OpenMP and told of a CPU that it knows, AVX-512 kernels, and memory that
is kept ([how](#how-it-is-measured)). Pictures in the order of channels last are faster in some of its cases, so that
column stands beside. As installed is what `apt install python3-torch` gives: a reference BLAS, and AVX2.

![Milliseconds a picture against the batch](images/performance_batch.svg)

![Milliseconds a picture against its width](images/performance_width.svg)

### One thread and two

{threads_table()}

{caption(TORCH, 'milliseconds of a whole step or reading')}

![Pictures a second on one thread and two](images/performance_threads.svg)

### Memory

The most that the process ever held (`VmHWM`), 2 threads.

{memory_table()}

{caption(TORCH)}

### Both sides do the same work

A small program writes Glimpse's weights, pictures, outputs and gradients into a safetensors file; PyTorch loads the
weights, makes the same step, and the run ends there if anything differs. Distances of outputs are the largest in units of
their root mean square; those of gradients are relative norms over all parameters, of which the worst is shown (where two
numbers in a pool nearly tie, each side may take the other, which moves the gradients before it).

{same_work()}

## Convolutions

Milliseconds forward / backward data / backward weights, the transforms of the weights inside. oneDNN
{MACHINE['onednn']} runs each layer direct and with Winograd, in its own layouts with nothing reordered inside the timing,
and the faster counts. GFLOP/s are of the defining sum, so Winograd may pass the hardware's peak. The mark: 0.75.

{conv2}

{caption('oneDNN ' + MACHINE['onednn'])}

{conv1}

{caption('oneDNN ' + MACHINE['onednn'])}

## Single operations

{operations_table()}

{caption(TORCH)}

## Products of matrices

{gemm}

{caption('oneDNN ' + MACHINE['onednn'])}

## Roofline

Intensity counts the operations of the defining sum and every operand once. Winograd makes a quarter of the multiplications
of the sum, which lifts it above the roof of multiply-adds.

![Roofline](images/performance_roofline.svg)

## What was not reached

{missed}

## How it is measured

- `bash benchmarks/compare.sh` installs the opponents from Debian (python3-torch, libdnnl-dev, libopenblas0-openmp), builds
  Glimpse's programs with `g++ {MACHINE['flags']}`, runs the contestants in turn, {MACHINE['rounds']} rounds, and takes
  medians: of the steps within a run, then over the rounds. `--quick` makes one short round, `--part NAME` one part.
- Around every run it compares the time the cores were busy, or stolen by the hypervisor, with the time its own children
  took; where more than {int(MACHINE['others']) / 10:.0f} % of the cores went to others, the run is thrown away and repeated, three
  times at most.{' (A watcher that holds all else still took 3 to 8 % here.)' if int(MACHINE['others']) > 30 else ''}
- PyTorch tuned: `libopenblas0-openmp`, `OPENBLAS_CORETYPE=SkylakeX` (Debian's OpenBLAS does not know newer CPUs),
  `ATEN_CPU_CAPABILITY=avx512`, `MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000 MALLOC_TOP_PAD_=268435456`,
  `torch.set_num_threads(2)`.
- Every whole step runs in a process of its own, so that its memory is its own; two steps go unmeasured.
- What each program printed is kept in `build/compare`, and the page can be made anew from it: `compare.sh --part report`.
"""


def main():
    os.makedirs(os.path.join(DOCS, 'images'), exist_ok=True)
    for plot in (plot_batch, plot_width, plot_threads, plot_roofline):
        plot()
    text = page()
    with open(os.path.join(DOCS, 'performance.md'), 'w') as file:
        file.write(text)
    print('\n'.join(['not reached:'] + MISSED if MISSED else ['every mark was reached']))


main()
