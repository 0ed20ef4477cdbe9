"""Print the raw records of this data set, one JSON object a line.

The records were played, not downloaded: they lie beside this file.
Next: `python extract_raw.py | python raw_to_standardized.py > full_std.jsonl`.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path


def main() -> None:
    """Copy the raw records to standard output."""
    with Path(__file__).with_name("full_raw.jsonl").open("rb") as raw:
        shutil.copyfileobj(raw, sys.stdout.buffer)


if __name__ == "__main__":
    main()
