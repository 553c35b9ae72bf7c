"""Throws payloads at the importer: `python tests/fuzz/run.py --payloads 100000 --seed 1`.

Every field of Amazon's model with every mutation alone, then random mixtures, each page of 50 between two good orders,
through decoding, deciding, pricing and writing into an embedded shop. Prints counts; the payloads that found a fault
are left in --keep. Ends with 1 if any did.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.payload_model import full_order, paths
from support.payload_mutations import pairs, payloads
from support.payload_pipeline import PAGE, Pipeline


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--payloads", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--skip", type=int, default=0, help="pass over so many of them, to come to a late one")
    parser.add_argument("--keep", type=Path, help="a folder for the payloads that found a fault")
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="orderferry-fuzz-") as folder:
        pipeline = Pipeline(Path(folder))
        stream = islice(payloads(options.payloads, options.seed), options.skip, None)
        while page := list(islice(stream, PAGE)):
            pipeline.feed(page)
        pipeline.close()
    findings = pipeline.findings
    fields = len(list(paths(full_order("402-0000000-0000000"))))
    print(f"{fields} fields, {len(pairs())} pairs of field and mutation, seed {options.seed}")
    print(f"{findings.payloads} payloads in {time.monotonic() - began:.0f} s; {findings.nameless} without an order id")
    print("outcomes: " + ", ".join(f"{number} {name}" for name, number in findings.outcomes.most_common()))
    print("reasons: " + ", ".join(f"{number} {code}" for code, number in findings.codes.most_common()))
    print(f"faults: {len(findings.wrong)}")
    for number, (sentence, payload) in enumerate(findings.wrong):
        print(f"  {sentence}")
        if options.keep and payload:
            options.keep.mkdir(parents=True, exist_ok=True)
            (options.keep / f"{options.seed}-{number}.json").write_text(json.dumps(payload), "ascii")
    return 1 if findings.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
