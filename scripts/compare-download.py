#!/usr/bin/env python3
"""The comparison: what `download` does, written as one usually would with requests and pandas, and timed.

    pip install requests pandas pyarrow
    scripts/compare-download.py CONFIG.toml DIR [--archive-url URL] [--at-once N]

Takes the coins of [universe] and the whole months between data.from and data.until of CONFIG, one after the other, or
N at once in threads: fetches each month's checksum and zip, compares the sha256, reads the CSV with pandas and writes
it as Parquet to DIR/SYMBOL/MONTH.parquet. It keeps no list, tries nothing again and checks no candle.

Prints one line of JSON: seconds, files, rows, bytes fetched.
"""

import time

START = time.monotonic()

import argparse
import hashlib
import io
import json
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import requests

COLUMNS = [
    "open_time", "open", "high", "low", "close", "volume", "close_time", "quote_volume", "count",
    "taker_buy_volume", "taker_buy_quote_volume", "ignore",
]


def read_zip(content: bytes) -> pd.DataFrame:
    """One archive file as a table, times in ms; files with and without a header, in ms or microseconds."""
    table = pd.read_csv(io.BytesIO(content), compression="zip", header=None, names=COLUMNS, low_memory=False)
    if table["open_time"].iloc[0] == "open_time":
        table = pd.read_csv(io.BytesIO(content), compression="zip")
    if table["open_time"].iloc[0] > 100_000_000_000_000:
        table["open_time"] //= 1000
    return table.drop(columns=["close_time", "ignore"])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("config", type=Path)
    parser.add_argument("dir", type=Path)
    parser.add_argument("--archive-url", default="https://data.binance.vision")
    parser.add_argument("--at-once", type=int, default=1)
    arguments = parser.parse_args()
    config = tomllib.loads(arguments.config.read_text())
    data = config["data"]
    interval = data.get("interval", "1m")
    market = {"spot": "spot", "futures": "futures/um"}[data.get("market", "spot")]
    months = [str(month) for month in pd.period_range(data["from"], data["until"], freq="M")[:-1]]
    session = requests.Session()

    def fetch(job: tuple[str, str]) -> tuple[int, int]:
        symbol, month = job
        name = f"{symbol}-{interval}-{month}.zip"
        url = f"{arguments.archive_url}/data/{market}/monthly/klines/{symbol}/{interval}/{name}"
        checksum = session.get(f"{url}.CHECKSUM", timeout=60)
        checksum.raise_for_status()
        answer = session.get(url, timeout=600)
        answer.raise_for_status()
        if hashlib.sha256(answer.content).hexdigest() != checksum.text.split()[0]:
            raise SystemExit(f"{url}: another sha256 than published")
        table = read_zip(answer.content)
        path = arguments.dir / symbol / f"{month}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        table.to_parquet(path, index=False)
        return len(table), len(answer.content)

    jobs = [(symbol, month) for symbol in config["universe"]["symbols"] for month in months]
    if arguments.at_once == 1:
        done = [fetch(job) for job in jobs]
    else:
        with ThreadPoolExecutor(arguments.at_once) as pool:
            done = list(pool.map(fetch, jobs))
    print(json.dumps({
        "seconds": round(time.monotonic() - START, 2),
        "files": len(done),
        "rows": sum(rows for rows, _ in done),
        "fetched_bytes": sum(size for _, size in done),
    }))


if __name__ == "__main__":
    main()
