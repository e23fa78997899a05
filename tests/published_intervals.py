"""Intervals of Net Promoter Scores as published, for what the marts compute and for what they are compared with."""

from __future__ import annotations

# promoters, detractors, n, adjusted Wald 95 % (Rocks 2016)
ROCKS_2016 = [
    (50, 20, 100, 14.0511, 44.2013),
    (8, 1, 10, 14.7317, 92.9606),
    (10, 0, 10, 47.5036, 100.0),
    (0, 10, 10, -100.0, -47.5036),
    (0, 0, 10, -18.465, 18.465),
    (5, 5, 10, -51.1274, 51.1274),
    (1, 0, 1, -48.4986, 98.4986),
    (40, 40, 100, -17.1787, 17.1787),
    (330, 170, 1000, 11.6889, 20.2154),
    (3, 7, 67, -15.1145, 3.686),
    (39, 16, 67, 13.2689, 52.4454),
]
