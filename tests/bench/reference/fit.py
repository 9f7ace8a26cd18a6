"""Fit BG/NBD by the package `lifetimes` in an environment of its own; CPU seconds and r on standard output as JSON."""

from __future__ import annotations

import json
import sys
import time
import warnings

import numpy as np


def main() -> int:
    from lifetimes import BetaGeoFitter

    warnings.simplefilter("ignore")
    with np.load(sys.argv[1]) as rows:
        repeats, recency, age = rows["repeats"], rows["recency"] / 7, rows["age"] / 7
    began = time.process_time()
    fitted = BetaGeoFitter().fit(repeats, recency, age)
    sys.stdout.write(json.dumps({"fit_bgnbd": time.process_time() - began, "r": float(fitted.params_["r"])}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
