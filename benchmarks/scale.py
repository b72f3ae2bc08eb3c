"""How time and memory grow with data and with offers."""

from __future__ import annotations

from statistics import median

from benchmarks.figures import Figure, median_of
from benchmarks.measure import interleaved, seconds

LINEAR_AT_MOST = 1.2
OFFERS_AT_MOST = 4.5  # 200 offers ÷ 10
MEMORY_MIB_AT_MOST = 6 * 1024


def data(scales: list[int], rounds: int) -> list[Figure]:
    """Ten offers over growing data: seconds a million events against the scale before, and peak memory."""
    group = "match + decide, ten offers, growing data"
    found = interleaved({str(scale): {"job": "engine", "scale": scale} for scale in scales}, rounds)
    figures = []
    before: tuple[int, float] | None = None
    for scale in scales:
        results = found[str(scale)]
        figures.append(median_of(group, f"×{scale}", seconds(results), "s"))
        peak = max(result["peak_memory_bytes"] for result in results) / 2**20
        at_most = MEMORY_MIB_AT_MOST if scale == max(scales) else None
        figures.append(Figure(group, f"×{scale}, peak memory", peak, "MiB", at_most=at_most))
        time_s = median(seconds(results))
        if before is not None:
            ratio = time_s / before[1] * before[0] / scale
            name = f"×{before[0]} → ×{scale}, time for each event"
            figures.append(Figure(group, name, ratio, "×", at_most=LINEAR_AT_MOST))
        before = scale, time_s
    return figures


def offers(counts: list[int], scale: int, rounds: int) -> list[Figure]:
    """Growing programmes over the same data."""
    group = f"match + decide, growing programmes, Complete Journey ×{scale}"
    jobs = {str(count): {"job": "engine", "scale": scale, "offers": count} for count in counts}
    found = interleaved(jobs, rounds)
    figures = []
    for count in counts:
        results = found[str(count)]
        note = f"{results[0]['transfers']:,} transfers"
        figures.append(median_of(group, f"{count} offers", seconds(results), "s", note=note))
        peak = max(result["peak_memory_bytes"] for result in results) / 2**20
        figures.append(Figure(group, f"{count} offers, peak memory", peak, "MiB"))
    few, many = str(counts[0]), str(counts[-1])
    ratios = [b / a for a, b in zip(seconds(found[few]), seconds(found[many]), strict=True)]
    target = OFFERS_AT_MOST if (counts[0], counts[-1]) == (10, 200) else None
    figures.append(median_of(group, f"{few} → {many} offers", ratios, "×", at_most=target))
    return figures
