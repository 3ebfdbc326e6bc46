#!/usr/bin/env python3
"""Writes golden.npz and rgba.png beside itself: files that another program made. Standard library only."""
import os, struct, zipfile, zlib

here = os.path.dirname(os.path.abspath(__file__))


def npy(descr, shape, data, fortran=False):
    header = "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }" % (descr, fortran, shape)
    size = (10 + len(header) + 1 + 63) // 64 * 64
    header = header.ljust(size - 11) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + data


arrays = {
    # value i: (i * 7919 % 13) / 4: varied enough for a code of its own
    "packed": npy("<f4", "(20, 50)", struct.pack("<1000f", *[i * 7919 % 13 / 4 for i in range(1000)])),
    "small": npy("<i8", "(2, 2)", struct.pack("<4q", 1, -2, 3, 2**40)),
    "columns": npy("<f8", "(2, 3)", struct.pack("<6d", 1, 4, 2, 5, 3, 6), True),
    "stored": npy("<f2", "(3,)", struct.pack("<3e", 0.5, -2, 65504)),
    "nothing": npy("<f4", "(0, 50)", b""),
    "scalar": npy("|b1", "()", b"\x01"),
}
with zipfile.ZipFile(os.path.join(here, "golden.npz"), "w") as archive:
    for name, data in arrays.items():
        info = zipfile.ZipInfo(name + ".npy", (1980, 1, 1, 0, 0, 0))
        info.compress_type = zipfile.ZIP_STORED if name == "stored" else zipfile.ZIP_DEFLATED
        with archive.open(info, "w", force_zip64=True) as entry:
            entry.write(data)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


# 3 x 2 pixels: red, green, blue; half-transparent black, transparent, white
pixels = [(255, 0, 0, 255), (0, 255, 0, 255), (0, 0, 255, 255), (0, 0, 0, 51), (9, 9, 9, 0), (255, 255, 255, 255)]
rows = b"".join(b"\x00" + b"".join(bytes(p) for p in pixels[y * 3 : y * 3 + 3]) for y in range(2))
with open(os.path.join(here, "rgba.png"), "wb") as png:
    png.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 3, 2, 8, 6, 0, 0, 0)))
    png.write(chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
