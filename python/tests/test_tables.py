from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

import quarterhour


def test_forecasts_have_what_the_book_says(market):
    table = quarterhour.read_forecasts(market.network("resnet"))
    assert table.schema["time"] == pl.Datetime("ms", "UTC")
    assert table.select("horizon", "time", "symbol").is_unique().all()
    assert sorted(table["symbol"].unique()) == [f"SIM{coin}USDT" for coin in range(1, 5)]
    metadata = quarterhour.forecast_metadata(market.network("resnet"))
    assert (metadata["target"], metadata["bar"]) == ("return", "1m")


def test_a_horizon_is_chosen_or_refused(market):
    run = market.network("gru")
    assert quarterhour.read_forecasts(run, "30m")["horizon"].unique().to_list() == ["30m"]
    with pytest.raises(ValueError, match=r"has no horizon '1h', it has \['15m', '30m'\]"):
        quarterhour.read_forecasts(run, "1h")


def test_times_of_version_1_are_milliseconds(tmp_path):
    path = tmp_path / "forecasts.parquet"
    pl.DataFrame({"time": [1_704_067_200_000], "symbol": ["BTCUSDT"], "forecast": [0.5]}).write_parquet(path)
    assert quarterhour.read_forecasts(path)["time"].to_list() == [datetime(2024, 1, 1, tzinfo=UTC)]
    assert quarterhour.forecast_metadata(path) == {}


def test_targets_are_the_returns_of_the_candles(market):
    """realized is close[t + 15] / close[t] - 1: the two readers agree on times and coins."""
    candles = quarterhour.read_candles(market.data)
    table = quarterhour.read_forecasts(market.network("resnet"))
    assert candles.columns[:6] == ["symbol", "time", "open", "high", "low", "close"]
    now = candles.select("symbol", "time", "close")
    later = now.with_columns(pl.col("time") - timedelta(minutes=15)).rename({"close": "later"})
    both = table.join(now, on=["symbol", "time"]).join(later, on=["symbol", "time"])
    assert both.height > 0.99 * table.height
    error = (both["later"] / both["close"] - 1 - both["realized"]).abs().max()
    assert error < 1e-12


def test_candles_of_some_coins_and_times(market):
    start = datetime(2024, 1, 2, tzinfo=UTC)
    candles = quarterhour.read_candles(market.data, ["SIM2USDT"], start=start, end=start + timedelta(hours=1))
    assert candles["symbol"].unique().to_list() == ["SIM2USDT"]
    assert candles["time"].min() == start and 55 < candles.height <= 60
    with pytest.raises(ValueError, match="has no NOUSDT"):
        quarterhour.read_candles(market.data, ["NOUSDT"])
    with pytest.raises(FileNotFoundError, match="candles/spot/1h is not there"):
        quarterhour.read_candles(market.data, interval="1h")


def test_what_is_no_run_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"has no run\.toml, expected the folder of a run"):
        quarterhour.Run.of(tmp_path)
