"""Makes the bytes people send when a scenario names no file of its own: small, but real containers."""

from __future__ import annotations

import struct
import zlib

Colour = tuple[int, int, int]


def colour(seed: int) -> Colour:
    """A colour that differs from that of the neighbouring seeds."""
    return (64 + seed * 83 % 160, 64 + seed * 151 % 160, 64 + seed * 47 % 160)


def jpeg(width: int, height: int, seed: int = 0) -> bytes:
    """A baseline JPEG of plain 8x8 blocks (only their mean values are coded), brighter towards a corner."""
    across, down = -(-width // 8), -(-height // 8)
    red, green, blue = colour(seed)
    codes = []
    before = [0, 0, 0]
    for row in range(down):
        for column in range(across):
            light = 0.55 + 0.45 * (row + column) / max(across + down - 2, 1)
            r, g, b = red * light, green * light, blue * light
            luma = 0.299 * r + 0.587 * g + 0.114 * b
            levels = (luma - 128, (b - luma) * 0.564, (r - luma) * 0.713)
            for part, level in enumerate(levels):
                value = max(-128, min(127, round(level)))
                codes.append(_difference(value - before[part]) + "0")
                before[part] = value
    bits = "".join(codes)
    bits += "1" * (-len(bits) % 8)
    scan = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\x00")
    frame = struct.pack(">BHHB", 8, height, width, 3) + bytes((1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0))
    return b"".join(
        (
            b"\xff\xd8",
            _segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"),
            _segment(0xDB, b"\0" + bytes([8] * 64)),
            _segment(0xC0, frame),
            _segment(0xC4, b"\x00" + bytes((0, 0, 0, 9, *[0] * 12)) + bytes(range(9))),
            _segment(0xC4, b"\x10" + bytes((1, *[0] * 15)) + b"\0"),
            _segment(0xDA, bytes((3, 1, 0, 2, 0, 3, 0, 0, 63, 0))),
            scan,
            b"\xff\xd9",
        )
    )


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def _difference(value: int) -> str:
    size = abs(value).bit_length()
    if not size:
        return "0000"
    return f"{size:04b}" + f"{value if value > 0 else value + (1 << size) - 1:0{size}b}"


def png(width: int, height: int, seed: int = 0) -> bytes:
    rows = (b"\0" + bytes(colour(seed)) * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in parts
    )


def voice(seconds: int, seed: int = 0) -> bytes:
    """OGG/Opus: silence in frames of 20 ms."""
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 312, 48000, 0, 0)
    vendor = f"stand-in {seed}".encode()
    tags = b"OpusTags" + struct.pack("<I", len(vendor)) + vendor + struct.pack("<I", 0)
    pages = [_ogg_page(2, 0, 0, [head]), _ogg_page(0, 0, 1, [tags])]
    for second in range(seconds):
        last = second == seconds - 1
        pages.append(_ogg_page(4 if last else 0, (second + 1) * 48000, second + 2, [b"\xf8\xff\xfe"] * 50))
    return b"".join(pages)


def _ogg_page(flags: int, position: int, number: int, packets: list[bytes]) -> bytes:
    lacing = bytes(len(packet) for packet in packets)
    body = b"".join(packets)
    head = b"OggS" + struct.pack("<BBqII", 0, flags, position, 0x5A4D, number)
    tail = bytes((len(lacing),)) + lacing + body
    return head + struct.pack("<I", _ogg_checksum(head + b"\0\0\0\0" + tail)) + tail


def _ogg_checksum(page: bytes) -> int:
    total = 0
    for byte in page:
        total ^= byte << 24
        for _ in range(8):
            total = (total << 1) ^ 0x04C11DB7 if total & 0x80000000 else total << 1
            total &= 0xFFFFFFFF
    return total


def mp3(seconds: int, seed: int = 0) -> bytes:
    """MPEG-1 layer III, 128 kbit/s, 44.1 kHz: silent frames after an ID3 tag."""
    title = f"Stand-in {seed}".encode()
    text = b"TIT2" + struct.pack(">IH", len(title) + 1, 0) + b"\3" + title
    tag = b"ID3\3\0\0" + bytes(((len(text) >> shift) & 0x7F) for shift in (21, 14, 7, 0)) + text
    return tag + (b"\xff\xfb\x90\x64" + bytes(413)) * (38 * seconds)


def mp4(seconds: int, seed: int = 0) -> bytes:
    """The boxes of an MPEG-4 file without a track."""

    def box(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body) + 8) + kind + body

    matrix = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    head = struct.pack(">IIIIIiH", 0, 0, 0, 1000, seconds * 1000, 0x10000, 0x100) + bytes(10) + matrix
    return (
        box(b"ftyp", b"isom\0\0\2\0isomiso2mp41")
        + box(b"moov", box(b"mvhd", head + bytes(24) + struct.pack(">I", 1)))
        + box(b"mdat", f"stand-in {seed}".encode())
    )


def webp(width: int, height: int, seed: int = 0) -> bytes:
    """A lossless WebP of one colour: every code has a single symbol, so pixels take no bits at all."""
    red, green, blue = colour(seed)
    fields = [(0x2F, 8), (width - 1, 14), (height - 1, 14), (0, 1), (0, 3), (0, 1), (0, 1), (0, 1)]
    for symbol in (green, red, blue, 255):
        fields += [(1, 1), (0, 1), (1, 1), (symbol, 8)]
    fields += [(1, 1), (0, 1), (0, 1), (0, 1)]
    bits = used = 0
    for value, width_ in fields:
        bits |= value << used
        used += width_
    body = bits.to_bytes(-(-used // 8), "little")
    body += b"\0" * (len(body) % 2)
    chunk = b"VP8L" + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk
