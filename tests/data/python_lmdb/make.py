"""Writes data.mdb beside this file with python3-lmdb: five entries, one image broken, one label Latin-1.

The map is asked for with 1 TB, as the tools of the field do; readers must not map that.
"""
import os
import struct
import zlib

import lmdb


def png(width, height, gray):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = (b"\0" + bytes([gray]) * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows))
            + chunk(b"IEND", b""))


here = os.path.dirname(os.path.abspath(__file__))
for name in ("data.mdb", "lock.mdb"):
    if os.path.exists(os.path.join(here, name)):
        os.remove(os.path.join(here, name))
env = lmdb.open(here, map_size=1 << 40)
with env.begin(write=True) as txn:
    entries = [(png(30, 10, 200), "Hotel"), (png(40, 12, 100), "cafe\u0301"), (b"no image", "broken"),
               (png(20, 8, 0), "62-03"), (png(20, 8, 0), None)]
    for number, (image, label) in enumerate(entries, 1):
        txn.put(b"image-%09d" % number, image)
        txn.put(b"label-%09d" % number, label.encode() if label else b"caf\xe9")
    txn.put(b"lexicon-000000001", b"Motel,Hotel,two words")
    txn.put(b"lexicon-000000002", b"cafe\xcc\x81 bar")
    txn.put(b"num-samples", b"5")
env.close()
os.remove(os.path.join(here, "lock.mdb"))
