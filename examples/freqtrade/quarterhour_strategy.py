"""A freqtrade strategy that buys where Quarterhour's API has the signal `buy`, and sells when the horizon has passed."""

import json
import logging
import os
import urllib.request
from datetime import datetime, timedelta

import pandas as pd
from freqtrade.enums import RunMode
from freqtrade.persistence import Trade
from freqtrade.strategy import IStrategy, timeframe_to_minutes

logger = logging.getLogger(__name__)


class QuarterhourStrategy(IStrategy):
    """Reads `GET /forecasts` once a loop; the last candle of a pair gets the forecast of that candle, and no other."""

    INTERFACE_VERSION = 3
    timeframe = "1m"
    can_short = False
    startup_candle_count = 1
    # A forecast comes a moment after its candle: the next loop must look at the same candle again.
    process_only_new_candles = False
    minimal_roi = {"0": 10.0}  # never: the horizon ends a trade
    stoploss = -0.05

    answer: dict = {}

    def bot_loop_start(self, current_time: datetime, **kwargs) -> None:
        """Asks the API; without an answer there are no forecasts, and nothing is bought."""
        if self.config.get("runmode") not in (RunMode.LIVE, RunMode.DRY_RUN):
            return  # the API knows nothing of the past that a backtest is about
        url = self.config.get("quarterhour", {}).get("url", "http://127.0.0.1:8700").rstrip("/")
        request = urllib.request.Request(f"{url}/forecasts?format=json")
        if token := os.environ.get("QUARTERHOUR_TOKEN"):
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=3) as response:
                self.answer = json.load(response)
        except (OSError, ValueError) as error:
            self.answer = {}
            logger.warning("no forecasts from %s: %s", url, error)

    def populate_indicators(self, dataframe: pd.DataFrame, metadata: dict) -> pd.DataFrame:
        dataframe["forecast"], dataframe["signal"] = float("nan"), ""
        coin = self.coin(metadata["pair"])
        time = pd.Timestamp(self.answer.get("time", 0), unit="ms", tz="UTC")
        if coin and len(dataframe) and dataframe["date"].iloc[-1] == time and not self.answer.get("is_stale"):
            last = dataframe.index[-1]
            dataframe.loc[last, "forecast"] = coin["forecast"]
            dataframe.loc[last, "signal"] = coin.get("signal") or ""
        return dataframe

    def populate_entry_trend(self, dataframe: pd.DataFrame, metadata: dict) -> pd.DataFrame:
        dataframe.loc[dataframe["signal"] == "buy", ["enter_long", "enter_tag"]] = (1, "quarterhour")
        return dataframe

    def populate_exit_trend(self, dataframe: pd.DataFrame, metadata: dict) -> pd.DataFrame:
        dataframe.loc[dataframe["signal"] == "sell", ["exit_long", "exit_tag"]] = (1, "quarterhour")
        return dataframe

    def custom_exit(
        self, pair: str, trade: Trade, current_time: datetime, current_rate: float, current_profit: float, **kwargs
    ) -> str | None:
        """Ends a trade when the horizon of its forecast has passed."""
        bars = self.answer.get("horizon_bars", 15)
        horizon = timedelta(minutes=bars * timeframe_to_minutes(self.timeframe))
        return "horizon" if current_time - trade.open_date_utc >= horizon else None

    def coin(self, pair: str) -> dict | None:
        """The API's entry of a pair, such as BTC/USDT or BTC/USDT:USDT, if it is forecast."""
        symbol = pair.split(":")[0].replace("/", "")
        coins = (coin for coin in self.answer.get("coins", []) if coin["symbol"] == symbol)
        return next((coin for coin in coins if coin["forecast"] is not None), None)
