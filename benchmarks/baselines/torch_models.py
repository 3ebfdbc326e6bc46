"""RARE and CRNN in PyTorch: the same layers as include/glimpse/models, timed, and held to
Glimpse's numbers.

  torch_models.py check FILE                                   from benchmarks/models/exchange
  torch_models.py training|reading MODEL BATCH WIDTH THREADS SECONDS [WHO]       rare or crnn

`check` loads Glimpse's weights, makes the same step and the same reading, and compares; it ends
with 1 and one line that names what differs. The others print one row, parted by tabs, as
benchmarks/models/step does, with a column more:

  model  preset  what  batch  width  threads  milliseconds (median)  images/s  peak MB
  MB after the import

How PyTorch is tuned stands in the environment, which benchmarks/compare.sh sets; WHO
channels_last keeps images in that layout as well.
"""
import json
import math
import statistics
import struct
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

LETTERS = 11
CHARACTERS = 36
FIDUCIALS = 20
PARAMETERS = {'rare': 10_832_077, 'crnn': 8_331_301}
PRESET = {'rare': 'large', 'crnn': 'paper'}


def memory_megabytes(field='VmHWM'):
    with open('/proc/self/status') as status:
        for line in status:
            if line.startswith(field + ':'):
                return int(line.split()[1]) * 1024e-6


# The layers ---------------------------------------------------------------------------------------


class ConvBlock(nn.Module):
    def __init__(self, inputs, outputs, kernel=3, padding=1, norm=False):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, padding=padding)
        self.norm = nn.BatchNorm2d(outputs) if norm else None

    def forward(self, x):
        x = self.conv(x)
        if self.norm is not None:
            x = self.norm(x)
        return F.relu_(x)

    def fold(self):
        if self.norm is not None:
            self.conv = nn.utils.fusion.fuse_conv_bn_eval(self.conv, self.norm)
            self.norm = None


def edges(across, y):
    """Points (x, y) along the top edge, then along the bottom."""
    return torch.cat([torch.stack([across, torch.full_like(across, v)], 1) for v in (-y, y)])


def tps_matrix(points, height, width):
    """A of (3) in include/glimpse/ops/tps_grid.hpp: (height width, points)."""
    half = points // 2
    across = torch.linspace(-1, 1, half, dtype=torch.float64)
    base = edges(across, 1.0)

    def radial(p, q):
        d2 = ((p[:, None] - q[None]) ** 2).sum(2)
        return d2 * torch.log(torch.where(d2 > 0, d2, torch.ones_like(d2)))

    delta = torch.zeros(points + 3, points + 3, dtype=torch.float64)
    delta[:points, 0] = delta[points, 3:] = 1
    delta[:points, 1:3] = base
    delta[points + 1:, 3:] = base.t()
    delta[:points, 3:] = radial(base, base)
    x = (torch.arange(width, dtype=torch.float64) * 2 + 1) / width - 1
    y = (torch.arange(height, dtype=torch.float64) * 2 + 1) / height - 1
    pixels = torch.stack([x.repeat(height), y.repeat_interleave(width)], 1)
    ones = torch.ones(len(pixels), 1, dtype=torch.float64)
    rows = torch.cat([ones, pixels, radial(pixels, base)], 1)
    return (rows @ torch.linalg.inv(delta)[:, :points]).float()


class Rectifier(nn.Module):
    def __init__(self, width):
        super().__init__()
        sizes = [1, 64, 128, 256, 512]
        self.conv = nn.ModuleList(ConvBlock(a, b, norm=True) for a, b in zip(sizes, sizes[1:]))
        self.hidden = nn.Linear(512, 256)
        self.last = nn.Linear(256, 2 * FIDUCIALS)
        self.width = width
        self.register_buffer('matrix', tps_matrix(FIDUCIALS, 32, width), persistent=False)
        with torch.no_grad():
            start = edges(torch.linspace(-1, 1, FIDUCIALS // 2) * 0.9, 0.9)
            self.last.weight.zero_()
            self.last.bias.copy_(torch.atanh(start).flatten())

    def forward(self, image):
        x = image
        if x.shape[-1] != 100:
            x = F.interpolate(x, (32, 100), mode='bilinear', antialias=True)
        for block in self.conv:
            x = F.max_pool2d(block(x), 2)
        x = F.relu(self.hidden(x.mean((2, 3))))
        points = torch.tanh(self.last(x)).view(-1, FIDUCIALS, 2)
        grid = torch.matmul(self.matrix, points).view(-1, 32, self.width, 2)
        return F.grid_sample(image, grid, padding_mode='border', align_corners=False)


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        sizes = [1, 64, 128, 256, 256, 512, 512]
        self.conv = nn.ModuleList(ConvBlock(a, b, norm=i in (3, 5))
                                  for i, (a, b) in enumerate(zip(sizes, sizes[1:]), 1))
        self.conv.append(ConvBlock(512, 512, kernel=2, padding=0, norm=True))
        self.first = nn.LSTM(512, 256, bidirectional=True)
        self.projection = nn.Linear(512, 256)
        self.second = nn.LSTM(256, 256, bidirectional=True)

    def forward(self, x):
        c = self.conv
        x = F.max_pool2d(c[0](x), 2)
        x = F.max_pool2d(c[1](x), 2)
        x = F.max_pool2d(c[3](c[2](x)), 2, (2, 1), (0, 1))
        x = F.max_pool2d(c[5](c[4](x)), 2, (2, 1), (0, 1))
        x = c[6](x).squeeze(2).permute(2, 0, 1)  # columns become frames
        return self.second(self.projection(self.first(x)[0]))[0]


class Decoder(nn.Module):
    """Additive attention, and a GRU that is given the symbol before, one-hot, and the glimpse."""

    def __init__(self, symbols=CHARACTERS + 1, frame=512, attention=256, hidden=256):
        super().__init__()
        self.key = nn.Linear(frame, attention, bias=False)
        self.query = nn.Linear(hidden, attention)
        self.score = nn.Parameter((torch.rand(attention) * 2 - 1) / math.sqrt(attention))
        self.cell = nn.GRUCell(symbols + frame, hidden)
        self.output = nn.Linear(hidden, symbols)
        self.register_buffer('one_hot', torch.eye(symbols), persistent=False)

    def step(self, frames, keys, previous, state):
        energies = torch.tanh(keys + self.query(state)[:, None]) @ self.score
        weights = torch.softmax(energies, 1)
        glimpse = torch.bmm(weights[:, None], frames)[:, 0]
        return self.cell(torch.cat([self.one_hot[previous], glimpse], 1), state), weights

    def logits(self, frames, labels):
        """Teacher forcing: (LETTERS + 1, N, symbols)."""
        h = frames.transpose(0, 1).contiguous()
        keys = self.key(h)
        state = h.new_zeros(h.shape[0], self.cell.hidden_size)
        previous = torch.cat([labels.new_full((len(labels), 1), CHARACTERS), labels], 1)
        states = []
        for t in range(labels.shape[1] + 1):
            state, _ = self.step(h, keys, previous[:, t], state)
            states.append(state)
        return self.output(torch.stack(states))

    def greedy(self, frames):
        """Symbols (N, LETTERS + 1), probabilities and weights: as long a word as is allowed."""
        h = frames.transpose(0, 1).contiguous()
        keys = self.key(h)
        state = h.new_zeros(h.shape[0], self.cell.hidden_size)
        previous = torch.full((h.shape[0],), CHARACTERS)
        symbols, probabilities, looks = [], [], []
        for _ in range(LETTERS + 1):
            state, weights = self.step(h, keys, previous, state)
            best, previous = torch.log_softmax(self.output(state), 1).max(1)
            symbols.append(previous)
            probabilities.append(best)
            looks.append(weights)
        return torch.stack(symbols, 1), torch.stack(probabilities, 1).exp(), torch.stack(looks, 1)


class Rare(nn.Module):
    def __init__(self, width=100):
        super().__init__()
        self.rectifier, self.encoder, self.decoder = Rectifier(width), Encoder(), Decoder()

    def loss(self, image, labels):
        logits = self.decoder.logits(self.encoder(self.rectifier(image)), labels)
        targets = torch.cat([labels, labels.new_full((len(labels), 1), CHARACTERS)], 1).t()
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten())

    def read(self, image):
        return self.decoder.greedy(self.encoder(self.rectifier(image)))


class Crnn(nn.Module):
    def __init__(self, width=100):
        super().__init__()
        self.encoder = Encoder()
        self.output = nn.Linear(512, CHARACTERS + 1)

    def loss(self, image, labels):
        scores = torch.log_softmax(self.output(self.encoder(image)), 2)
        frames = torch.full((len(labels),), scores.shape[0], dtype=torch.long)
        lengths = torch.full((len(labels),), labels.shape[1], dtype=torch.long)
        return F.ctc_loss(scores, labels, frames, lengths, blank=BLANK, zero_infinity=True)

    def read(self, image):
        return torch.log_softmax(self.output(self.encoder(image)), 2).max(2)


BLANK = CHARACTERS


def make(model, width=100):
    net = Crnn(width) if model == 'crnn' else Rare(width)
    count = sum(p.numel() for p in net.parameters())
    assert count == PARAMETERS[model], f'{model}: {count} parameters, not {PARAMETERS[model]}'
    return net


def reading_mode(net):
    net.eval()
    for module in net.modules():
        if isinstance(module, ConvBlock):
            module.fold()
    return net


# Time ---------------------------------------------------------------------------------------------


def median_ms(seconds, step):
    """Two steps unmeasured, then at least 3 and until the time is up; without any, one and one."""
    step()
    if seconds > 0:
        step()
    times, start = [], time.perf_counter()
    least = 3 if seconds > 0 else 1
    while len(times) < least or time.perf_counter() - start < seconds:
        t = time.perf_counter()
        step()
        times.append(1e3 * (time.perf_counter() - t))
    return statistics.median(times)


def run(what, model, batch, width, threads, seconds, who):
    imported = memory_megabytes()
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    net = make(model, width)
    image = torch.rand(batch, 1, 32, width) * 2 - 1
    if who == 'channels_last':
        net = net.to(memory_format=torch.channels_last)
        image = image.contiguous(memory_format=torch.channels_last)
    if what == 'training':
        labels = torch.randint(0, CHARACTERS, (batch, LETTERS))
        parameters = list(net.parameters())
        optimizer = torch.optim.Adadelta(parameters, lr=1, rho=0.9, eps=1e-6)

        def step():
            optimizer.zero_grad(set_to_none=True)
            net.loss(image, labels).backward()
            nn.utils.clip_grad_norm_(parameters, 5)
            optimizer.step()
        ms = median_ms(seconds, step)
    else:
        reading_mode(net)
        with torch.inference_mode():
            ms = median_ms(seconds, lambda: net.read(image))
    print(model, PRESET[model], what, batch, width, threads, f'{ms:.4f}', f'{1e3 * batch / ms:.3f}',
          f'{memory_megabytes():.1f}', f'{imported:.1f}', sep='\t')


# The same work ------------------------------------------------------------------------------------


def safetensors(path):
    """Tensors by name, and the metadata: 8 bytes of length, JSON, numbers."""
    with open(path, 'rb') as file:
        (length,) = struct.unpack('<Q', file.read(8))
        header = json.loads(file.read(length))
        data = file.read()
    tensors = {}
    for name, entry in header.items():
        if name == '__metadata__':
            continue
        assert entry['dtype'] == 'F32', f"{name} is {entry['dtype']}"
        begin, end = entry['data_offsets']
        values = torch.frombuffer(bytearray(data[begin:end]), dtype=torch.float32)
        tensors[name] = values.reshape(entry['shape'])
    return tensors, header.get('__metadata__', {})


def refuse(model, why):
    sys.exit(f'torch_models: {model}: {why}: not the same work, nothing is compared')


def lstm_names(ours, theirs):
    for direction, suffix in (('forward', ''), ('reverse', '_reverse')):
        for kind, name in (('weight_x', 'weight_ih_l0'), ('weight_h', 'weight_hh_l0'),
                           ('bias_x', 'bias_ih_l0'), ('bias_h', 'bias_hh_l0')):
            yield f'{ours}.{direction}.{kind}', f'{theirs}.{name}{suffix}'


def translate(model, source):
    """Glimpse's names and shapes to PyTorch's. source: tensors or gradients by name."""
    names = {}
    head = '' if model == 'crnn' else 'recognizer.'
    for i in range(7):
        for part in ('conv.weight', 'conv.bias', 'norm.weight', 'norm.bias', 'norm.running_mean',
                     'norm.running_var'):
            names[f'{head}encoder.conv.{i}.{part}'] = f'encoder.conv.{i}.{part}'
            names[f'rectifier.localization.conv.{i}.{part}'] = f'rectifier.conv.{i}.{part}'
    for layer in ('first', 'second'):
        names.update(lstm_names(f'{head}encoder.{layer}', f'encoder.{layer}'))
    for part in ('weight', 'bias'):
        names[f'{head}encoder.projection.{part}'] = f'encoder.projection.{part}'
        names[f'rectifier.localization.hidden.0.{part}'] = f'rectifier.hidden.{part}'
        names[f'rectifier.localization.last.{part}'] = f'rectifier.last.{part}'
        names[f'output.{part}'] = f'output.{part}'
        for linear in ('key', 'query', 'output'):
            names[f'recognizer.decoder.{linear}.{part}'] = f'decoder.{linear}.{part}'
    names['recognizer.decoder.score'] = 'decoder.score'
    names['recognizer.decoder.glimpse.bias'] = 'decoder.cell.bias_ih'
    names['recognizer.decoder.w_h'] = 'decoder.cell.weight_hh'
    names['recognizer.decoder.b_h'] = 'decoder.cell.bias_hh'
    found = {}
    for name, x in source.items():
        if name in ('recognizer.decoder.symbol', 'recognizer.decoder.glimpse.weight'):
            continue
        if name not in names:
            refuse('parameters', f'Glimpse has {name}, PyTorch has not')
        found[names[name]] = x
    if model != 'crnn':
        symbol, glimpse = (source[f'recognizer.decoder.{n}'] for n in ('symbol', 'glimpse.weight'))
        found['decoder.cell.weight_ih'] = torch.cat([symbol.t(), glimpse], 1)
    return found


def difference(x, y):
    """Largest distance in units of the root mean square of what is expected."""
    return float((x - y).abs().max() / y.square().mean().sqrt().clamp_min(1e-20))


def merged(path):
    """What a path through the frames spells: equal neighbors merged, blanks dropped."""
    return [s for s, before in zip(path, [BLANK] + path) if s != before and s != BLANK]


def check(path):
    torch.set_num_threads(2)
    file, metadata = safetensors(path)
    model = metadata['model']

    def part(head):
        return {name[len(head):]: x for name, x in file.items() if name.startswith(head)}
    net = make(model)
    weights = translate(model, part('model.'))
    missing = {n for n in net.state_dict() if not n.endswith('num_batches_tracked')} - set(weights)
    if missing:
        refuse(model, f'PyTorch has {sorted(missing)[0]}, Glimpse has not')
    net.load_state_dict(weights, strict=False)
    image, labels = file['in.image'], file['in.labels'].long()
    rows = []

    def compare(name, x, y, tolerance):
        if x.shape != y.shape:
            refuse(model, f'{name} is {tuple(x.shape)} here, {tuple(y.shape)} in Glimpse')
        rows.append((difference(x, y), tolerance, name))

    norms = [m for m in net.modules() if isinstance(m, nn.BatchNorm2d)]
    with torch.no_grad():
        for m in norms:  # the statistics move once, in the step below
            m.momentum = 0
        straight = net.rectifier(image) if model != 'crnn' else image
        if model != 'crnn':
            compare('rectified image', straight, file['out.rectified'], 2e-3)
        frames = net.encoder(straight)
        compare('encoder frames', frames, file['out.frames'], 2e-3)
        logits = net.decoder.logits(frames, labels) if model != 'crnn' else net.output(frames)
        compare('logits', logits, file['out.logits'], 2e-3)
        for m in norms:
            m.momentum = 0.1
    loss = net.loss(image, labels)
    loss.backward()
    compare('loss', loss.detach().reshape(1), file['out.loss'], 1e-4)
    gradients = translate(model, part('grad.'))
    for name, p in net.named_parameters():
        # Before a batch norm a bias has no gradient but rounding.
        if name.endswith('conv.bias') and name.replace('conv.bias', 'norm.bias') in gradients:
            continue
        # Pools and ReLUs that nearly tie fall either way: a gradient differs more than its loss.
        distance = float((p.grad - gradients[name]).norm() / gradients[name].norm())
        rows.append((distance, 5e-2, f'gradient of {name}'))
    reading_mode(net)
    with torch.inference_mode():
        read = net.read(image)
    if model == 'crnn':
        words = [merged(path) for path in read[1].t().tolist()]
    else:
        words = read[0][:, :LETTERS].tolist()
    expected = [[s for s in word if s >= 0] for word in file['read.symbols'].long().tolist()]
    wrong = sum(a != b for a, b in zip(words, expected))
    rows.append((wrong / len(words), 0.1, 'words read otherwise'))
    worst = max(rows, key=lambda r: r[0] / r[1])
    if not all(math.isfinite(d) and d <= tolerance for d, tolerance, _ in rows):
        refuse(model, f'{worst[2]} differs by {worst[0]:.1e}, {worst[1]:.0e} is allowed')
    shown = [r for r in rows if not r[2].startswith('gradient')]
    shown.append(max((r for r in rows if r[2].startswith('gradient')), key=lambda r: r[0]))
    print(model, 'parameters', f'{PARAMETERS[model]:,}', 'equal', sep='\t')
    for distance, tolerance, name in shown:
        print(model, name, f'{distance:.1e}', f'{tolerance:.0e}', sep='\t')
    if '-v' in sys.argv:
        for distance, tolerance, name in sorted(rows, reverse=True)[:20]:
            print(f'{distance:.1e}', name, file=sys.stderr)


def main():
    if len(sys.argv) >= 3 and sys.argv[1] == 'check':
        check(sys.argv[2])
    elif len(sys.argv) >= 7 and sys.argv[1] in ('training', 'reading'):
        batch, width, threads = map(int, sys.argv[3:6])
        who = sys.argv[7] if len(sys.argv) > 7 else ''
        run(sys.argv[1], sys.argv[2], batch, width, threads, float(sys.argv[6]), who)
    else:
        sys.exit(__doc__)


main()
