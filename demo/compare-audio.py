#!/usr/bin/env python3
"""What was said against what was heard: sample by sample after G.711, which loses some precision but nothing else."""
import struct, sys, wave


def samples(path):
    with wave.open(path) as w:
        return struct.unpack(f"<{w.getnframes()}h", w.readframes(w.getnframes()))


said, heard = samples(sys.argv[1]), samples(sys.argv[2])
n = min(len(said), len(heard))
if n == 0 or len(said) - n > 0:
    sys.exit(f"{sys.argv[2]}: {len(heard)} of {len(said)} samples arrived")
worst = max(abs(a - b) / (abs(a) + 32) for a, b in zip(said, heard))
signal = sum(a * a for a in said[:n])
noise = sum((a - b) ** 2 for a, b in zip(said, heard))
ratio = signal / max(noise, 1)
print(f"{sys.argv[2]}: {n} samples, {n / 8000:.1f} s; signal to noise {ratio:.0f} to 1, worst relative error {worst:.3f}")
if ratio < 1000:
    sys.exit("the audio differs by more than G.711 explains")
