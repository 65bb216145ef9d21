"""Forecasts of now, from the HTTP API of `quarterhour serve` or from the program."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from quarterhour.program import run_program
from quarterhour.runs import Run
from quarterhour.tables import TIME


def predict(
    run: Run | str | Path | None = None,
    *,
    url: str | None = None,
    at: str | None = None,
    token: str | None = None,
    timeout: float = 30.0,
    options: tuple[str, ...] = (),
) -> pl.DataFrame:
    """Forecasts of all coins at one time.

    Either `run` or `url` is given: with a run the program forecasts (`quarterhour predict --json`), with a URL the API.

    Args:
        run: Folder of a run.
        url: Address of the API, such as `http://127.0.0.1:8700`.
        at: Open time of the last candle to use, such as `2024-05-01T12:00` (UTC); the last closed one without.
        token: Token of the API, where one is set.
        timeout: Seconds after which the API is given up.
        options: Further options of the program, such as `("--source", "simulated")`.

    Returns:
        One row a coin: `time` (open time of the last candle) and `closed_at` (when the forecast was known), `symbol`,
        `close`, `forecast`, `refused` (why there is no forecast), `forecaster`; with intervals `lower_80`, `upper_80` and
        so on; of a volatility also `volatility_mean`, `variance_mean`, `probability_low` and so on. Names and units are
        those of the forecast table.

    Raises:
        ValueError: Neither or both of `run` and `url`.
        ProgramError: The program failed.
        ConnectionError: The API refused, with its reason.
    """
    if (run is None) == (url is None):
        raise ValueError("expected either run=... or url=...")
    if url is not None:
        return _frame(_of_api(url.rstrip("/"), at, token, timeout))
    when = () if at is None else ("--at", at)
    folder = Run.of(run).folder  # type: ignore[arg-type]
    return _frame(json.loads(run_program("predict", "--run", folder, "--json", *when, *options)))


def _of_api(url: str, at: str | None, token: str | None, timeout: float) -> Mapping[str, Any]:
    """`GET /forecasts` for now, `POST /predict` for a time."""
    headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    if at is None:
        request = urllib.request.Request(f"{url}/forecasts?format=json", headers=headers)
    else:
        headers["Content-Type"] = "application/json"
        request = urllib.request.Request(f"{url}/predict", json.dumps({"at": at}).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=timeout) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        raise ConnectionError(f"{request.full_url} answers {error.code}: {_reason(error)}") from error
    except urllib.error.URLError as error:
        raise ConnectionError(f"{request.full_url} does not answer: {error.reason}") from error


def _reason(error: urllib.error.HTTPError) -> str:
    """What problem details say, or the beginning of any other body."""
    body = error.read(4096).decode(errors="replace")
    try:
        problem = json.loads(body)
        return problem.get("detail") or problem["title"]
    except (ValueError, KeyError, AttributeError):
        return body.strip() or str(error.reason)


def _frame(forecasts: Mapping[str, Any]) -> pl.DataFrame:
    rows = [_row(coin) for coin in forecasts["coins"]]
    frame = pl.DataFrame(rows, infer_schema_length=None)
    times = {name: pl.lit(forecasts[name]).cast(pl.Int64).cast(pl.Datetime("ms")) for name in ("time", "closed_at")}
    return frame.select(
        *(time.dt.replace_time_zone("UTC").cast(TIME).alias(name) for name, time in times.items()),
        pl.all(),
        pl.lit(forecasts["forecaster"]).alias("forecaster"),
    )


def _row(coin: Mapping[str, Any]) -> dict[str, Any]:
    """A coin's object as columns of the forecast table."""
    row = {name: coin.get(name) for name in ("symbol", "close", "forecast", "refused", "in_sample")}
    for interval in coin.get("intervals") or []:
        percent = round(100 * interval["coverage"])
        row |= {f"lower_{percent}": interval["lower"], f"upper_{percent}": interval["upper"]}
    if volatility := coin.get("volatility"):
        row |= {"volatility_mean": volatility["per_day"], "variance_mean": volatility["variance_per_day"]}
        row |= {f"probability_{name.lower()}": share for name, share in volatility.get("regimes") or []}
    return row
