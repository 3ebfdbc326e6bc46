"""The tables of docs/performance.md, and the list of missed targets."""
import collections

from page.rows import LAYERS, gflop

CASES = [('training', '64'), ('training', '16'), ('reading', '64'), ('reading', '1')]
PASSES = ('forward', 'data', 'weights')

# Targets for whole steps, as ratios to tuned PyTorch: name, model, what, batch, ratio.
GOALS = [('RARE training, batch 64', 'rare', 'training', '64', 180 / 60),
         ('RARE training, batch 16', 'rare', 'training', '16', 160 / 52),
         ('CRNN training, batch 64', 'crnn', 'training', '64', 260 / 86),
         ('RARE reading, batch 1', 'rare', 'reading', '1', 13.5 / 3.5),
         ('RARE reading, batch 64', 'rare', 'reading', '64', 560 / 159),
         ('CRNN reading, batch 64', 'crnn', 'reading', '64', 800 / 228)]
MEMORY_GOAL = 500 / 1200
CONVOLUTION_GOAL = 0.75


def number(x):
    """Three significant digits, without an exponent."""
    if x is None:
        return ''
    if x >= 1000:
        return f'{x:,.0f}'
    return f'{x:.{max(0, 3 - len(str(int(x))))}f}' if x >= 1 else f'{x:.3g}'


def ratio(x):
    return '' if x is None else f'{x:.2f}'


def quotient(a, b):
    return a / b if a and b else None


def three(values, form=number):
    return ' / '.join(form(v) for v in values)


def markdown(head, rows, words=1):
    """words: how many columns hold words; the others hold numbers."""
    lines = [head, ['---'] * words + ['---:'] * (len(head) - words)] + rows
    return '\n'.join('| ' + ' | '.join(line) + ' |' for line in lines)


class Tables:
    def __init__(self, measured):
        self.m = measured
        self.missed = []

    def against(self, name, value, goal, least=True):
        """A ratio, bold if it reaches the goal; otherwise the page lists it under missed targets."""
        if value is None:
            return ''
        if (value >= goal) if least else (value <= goal):
            return f'**{value:.2f}**'
        digits = 2 if f'{value:.2f}' != f'{goal:.2f}' else 3
        self.missed.append(f'{name}: {value:.{digits}f}, target {goal:.{digits}f}')
        return f'{value:.2f}'

    def whole_steps(self):
        everybody = ('glimpse', 'tuned', 'channels_last', 'installed')
        rows = []
        for name, model, what, batch, goal in GOALS:
            ms = {who: self.m.step.get((who, model, what, batch, '100', '2')) for who in everybody}
            cells = [('' if t is None else f'{number(t)} ms' if batch == '1' else
                      f'{number(1e3 * int(batch) / t)} /s') for t in ms.values()]
            faster = quotient(ms['tuned'], ms['glimpse'])
            rows.append([name, self.against(name, faster, goal), ratio(goal),
                         ratio(quotient(ms['channels_last'], ms['glimpse']))] + cells)
        name = 'peak memory, RARE training, batch 64'
        mb = [self.m.peak.get((who, 'rare', 'training', '64', '100', '2')) for who in everybody]
        rows.append([name, self.against(name, quotient(mb[0], mb[1]), MEMORY_GOAL, least=False),
                     ratio(MEMORY_GOAL), ratio(quotient(mb[0], mb[2]))] +
                    [f'{number(x)} MB' if x else '' for x in mb])
        return markdown(['2 threads', 'speedup over PyTorch tuned', 'target', 'over channels last',
                         'Glimpse', 'PyTorch tuned', 'tuned, channels last', 'as installed'], rows)

    def threads(self):
        rows = []
        for model in ('rare', 'crnn'):
            for what, batch in CASES:
                mine, theirs = ([self.m.step.get((who, model, what, batch, '100', n))
                                 for n in '12'] for who in ('glimpse', 'tuned'))
                if any(mine):
                    rows.append([f'{model.upper()} {what}, batch {batch}',
                                 ratio(quotient(theirs[0], mine[0])),
                                 ratio(quotient(theirs[1], mine[1])),
                                 number(mine[0]), number(mine[1]), ratio(quotient(*mine)),
                                 number(theirs[0]), number(theirs[1]), ratio(quotient(*theirs))])
        return markdown(['ms', 'speedup over tuned, 1 thread', '2 threads', 'Glimpse, 1 thread',
                         '2 threads', 'gain', 'PyTorch tuned, 1 thread', '2 threads', 'gain'], rows)

    def memory(self):
        rows = []
        for model in ('rare', 'crnn'):
            for what, batch in CASES:
                key = (model, what, batch, '100', '2')
                mine, theirs = (self.m.peak.get((who,) + key) for who in ('glimpse', 'tuned'))
                bare = self.m.imported.get(('tuned',) + key)
                if mine and theirs:
                    rows.append([f'{model.upper()} {what}, batch {batch}', ratio(mine / theirs),
                                 ratio(mine / (theirs - bare)), number(mine), number(theirs),
                                 number(bare)])
        return markdown(['MB', 'ratio to PyTorch tuned', 'ratio without the import', 'Glimpse',
                         'PyTorch tuned', 'import'], rows)

    def same_work(self):
        rows = []
        for model in ('rare', 'crnn'):
            for _, what, distance, allowed in self.m.same_work(model):
                rows.append([model.upper(), what, distance, allowed])
        return markdown(['', 'what', 'distance', 'allowed'], rows, 2)

    def convolutions(self, threads):
        rows, sums = [], collections.Counter()
        for layer, name in LAYERS.items():
            mine, theirs = ([self.m.best_conv(who, layer, p, threads) for p in PASSES]
                            for who in ('glimpse', 'onednn'))
            if None in mine + theirs:
                continue
            for i in range(3):
                sums['glimpse', i] += mine[i]
                sums['onednn', i] += theirs[i]
            rows.append(self.convolution(name, mine, theirs, gflop(layer), threads == '2'))
        mine, theirs = ([sums[who, i] for i in range(3)] for who in ('glimpse', 'onednn'))
        if rows:
            total = sum(map(gflop, LAYERS))
            rows.append(self.convolution('sum', mine, theirs, total, False))
        return markdown([f'batch 64, {threads} thread{"s" if threads == "2" else ""}',
                         "ratio to oneDNN's time, three passes", 'each', 'Glimpse, ms',
                         "oneDNN's best, ms", 'Glimpse, GFLOP/s of the definition'], rows)

    def convolution(self, name, mine, theirs, work, marked):
        value = sum(mine) / sum(theirs)
        if marked:
            cell = self.against(f'convolution {name}, of oneDNN', value, CONVOLUTION_GOAL, False)
        else:
            cell = ratio(value)
        return [name, cell, three((quotient(a, b) for a, b in zip(mine, theirs)), ratio),
                three(mine), three(theirs), three(1e3 * work / x for x in mine)]

    def operations(self):
        rows = []
        found = self.m.operations()
        for name in dict.fromkeys(name for name, _ in found):
            for step in [s for n, s in found if n == name]:
                t = found[name, step]
                mine, theirs = ([t.get((who, n)) for n in '12'] for who in ('glimpse', 'tuned'))
                if mine[1] and theirs[1]:
                    key = ('glimpse', name.replace(' ', '_'), step, '2')
                    rows.append([name, step, ratio(theirs[1] / mine[1]),
                                 ratio(quotient(theirs[0], mine[0])), number(mine[1]),
                                 number(theirs[1]), number(self.m.speed.get(key))])
        return markdown(['', 'pass', 'speedup over PyTorch tuned, 2 threads', '1 thread', 'Glimpse, ms',
                         'PyTorch tuned, ms', 'Glimpse, GB/s'], rows, 2)

    def products(self):
        rows, low = [], []
        for *shape, threads, who in self.m.products:
            if who != 'glimpse':
                continue
            mine, dnn, blas, peak = (self.m.products[(*shape, threads, w)]
                                     for w in ('glimpse', 'onednn', 'openblas', 'peak'))
            m, n, k, transposed = shape
            name = f'{m} x {n} x {k} {transposed}'
            goal = 95 if (m, n, k) == ('512', '512', '512') else 85
            share = 100 * mine / peak
            bound = m == '1'  # the matrix is read once, so memory bandwidth is the limit
            cell = f'{share:.0f}' if share < goal or bound else f'**{share:.0f}**'
            if share < goal and not bound:
                low.append(share)
            rows.append([name, threads, cell, '' if bound else str(goal), ratio(mine / dnn),
                         ratio(mine / blas), number(mine), number(dnn), number(blas),
                         number(peak)])
        if low:
            self.missed.append(f'products: {len(low)} of {len(rows)} rows are below 95 % of peak '
                               f'at 512 x 512 x 512 or 85 % elsewhere, at {min(low):.0f} to '
                               f'{max(low):.0f} %')
        return markdown(['m x n x k', 'threads', '% of peak', 'target', 'ratio to oneDNN',
                         'ratio to OpenBLAS', 'Glimpse, GFLOP/s', 'oneDNN', 'OpenBLAS', 'peak'], rows)
