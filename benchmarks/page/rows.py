"""The measurements of compare.sh, as dictionaries: every figure is the median over the rounds.

A file is named part.contestant.more.round.tsv. Its rows are the output of the program. Lines that
start with # have the share of CPU time that other processes used.
"""
import collections
import os
import re
import statistics


class Measured:
    def __init__(self, folder):
        self.folder = folder
        with open(os.path.join(folder, 'machine.tsv')) as file:
            self.machine = dict(line.rstrip('\n').split('\t', 1) for line in file if '\t' in line)
        # (contestant, model, what, batch, width, threads): milliseconds, images/s, MB
        self.step, self.rate, self.peak = {}, {}, {}
        for part in ('models', 'sweep'):
            for values, column in ((self.step, 6), (self.rate, 7), (self.peak, 8)):
                values.update(self.medians(part, (0, 2, 3, 4, 5), column))
        # MB after the import alone
        self.imported = self.medians('models', (0, 2, 3, 4, 5), 9)
        # (contestant, layer, pass, algorithm, threads): milliseconds
        self.conv = self.medians('conv', (0, 1, 2, 3), 5)
        # (contestant, operation, pass, threads): milliseconds, and GB/s
        self.memory = self.medians('memory', (0, 1, 2), 3)
        self.speed = self.medians('memory', (0, 1, 2), 4)
        # (contestant, what, threads): GFLOP/s or GB/s
        self.top = self.medians('peak', (0, 1), 2)
        # (m, n, k, transposed, threads, whose): GFLOP/s
        products = self.medians('products', (0, 1, 2, 3, 4, 5), 6)
        self.products = {key[1:]: speed for key, speed in products.items()}

    def files(self, part):
        """Contestant and rows of every file of a part."""
        for name in sorted(os.listdir(self.folder)):
            pieces = name.split('.')
            if pieces[0] != part or pieces[-1] != 'tsv':
                continue
            with open(os.path.join(self.folder, name)) as file:
                yield pieces[1], [line.rstrip('\n').split('\t') for line in file
                                  if line.strip() and not line.startswith('#')]

    def medians(self, part, key, value):
        """{(contestant, key...): median}; rows without a number at `value` are headings."""
        found = collections.defaultdict(list)
        for who, rows in self.files(part):
            for row in rows:
                if len(row) > value and re.fullmatch(r'-?[\d.]+', row[value]):
                    found[(who,) + tuple(row[k] for k in key)].append(float(row[value]))
        return {k: statistics.median(v) for k, v in found.items()}

    def best_conv(self, who, layer, step, threads):
        """Milliseconds of the fastest algorithm."""
        times = [ms for (w, l, p, _, t), ms in self.conv.items()
                 if (w, l, p, t) == (who, layer, step, threads)]
        return min(times) if times else None

    def operations(self):
        """Single operations: {(name, pass): {(contestant, threads): milliseconds}}."""
        found = collections.OrderedDict()

        def put(name, step, who, threads, ms):
            found.setdefault((name.replace('_', ' '), step), {})[who, threads] = ms
        recurrent = self.medians('recurrent', (0, 1, 2, 3), 4)
        for (who, op, step, threads, batch), ms in recurrent.items():
            put(f'{op}, batch {batch}', step, who, threads, ms)
        for (who, op, step, threads), ms in self.medians('ctc', (0, 1, 2), 3).items():
            put(op.replace(' batch', ', batch'), step, who, threads, ms)
        for (who, op, step, threads), ms in self.memory.items():
            if op != 'triad' and ms > 1e-3:  # an operation that only passes a gradient on is not timed
                put(op, step, who, threads, ms)
        return found

    def same_work(self, model):
        """Rows of the comparison of both sides; None if it was not made."""
        path = os.path.join(self.folder, f'same_work.{model}.tsv')
        if not os.path.exists(path) or not os.path.getsize(path):
            return None
        with open(path) as file:
            return [line.rstrip('\n').split('\t') for line in file]


# The layers of the recognizer: name in the rows, name on the page.
LAYERS = {'1-64@32x100': '1 to 64 at 32x100', '64-128@16x50': '64 to 128 at 16x50',
          '128-256@8x25': '128 to 256 at 8x25', '256-256@8x25': '256 to 256 at 8x25',
          '256-512@4x26': '256 to 512 at 4x26', '512-512@4x26': '512 to 512 at 4x26',
          '512-512k2@2x27': '512 to 512, 2x2, at 2x27'}


def layer_shape(layer):
    """Channels in and out, size of the filter, height, width."""
    pieces = re.fullmatch(r'(\d+)-(\d+)(?:k(\d))?@(\d+)x(\d+)', layer).groups(default='3')
    return tuple(map(int, pieces))


def gflop(layer):
    """Operations of one pass over a batch of 64, counted by the definition."""
    a, b, k, h, w = layer_shape(layer)
    shrink = 1 if k == 2 else 0  # 3x3 filters are padded
    return 2e-9 * 64 * a * b * k * k * (h - shrink) * (w - shrink)
