"""Loads the strategy by freqtrade's own resolver and looks at what it does with answers of the API.

Usage: python examples/freqtrade/check_strategy.py      (needs freqtrade; no exchange, no network but loopback)
"""

import json
import threading
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
from freqtrade.enums import RunMode
from freqtrade.resolvers import StrategyResolver

HERE = Path(__file__).resolve().parent
NOW = datetime(2024, 1, 1, 12, 0, tzinfo=timezone.utc)


def answer(signal, minutes_ago=0, is_stale=False):
    """The API's answer for one coin that is forecast and one that is not."""
    time = int((NOW - timedelta(minutes=minutes_ago)).timestamp() * 1000)
    coins = [
        {"symbol": "BTCUSDT", "forecast": 0.002, "signal": signal, "refused": None},
        {"symbol": "ETHUSDT", "forecast": None, "signal": None, "refused": "no candle"},
    ]
    return {"time": time, "horizon_bars": 15, "is_stale": is_stale, "coins": coins}


def serve():
    """An API on loopback that gives `server.answer`, and nothing where it is None."""

    class Api(BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps(self.server.answer).encode()
            self.send_response(200 if self.path == "/forecasts?format=json" and self.server.answer else 503)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def candles():
    dates = pd.date_range(end=NOW, periods=5, freq="1min")
    return pd.DataFrame({"date": dates, "open": 1.0, "high": 1.1, "low": 0.9, "close": 1.0, "volume": 10.0})


def main():
    server = serve()
    url = f"http://127.0.0.1:{server.server_port}"
    config = {
        "strategy": "QuarterhourStrategy", "strategy_path": str(HERE), "user_data_dir": HERE, "stake_currency": "USDT",
        "runmode": RunMode.DRY_RUN, "dry_run": True, "exchange": {"name": "binance"}, "quarterhour": {"url": url},
        "max_open_trades": 1, "stake_amount": 10,
    }  # fmt: skip
    strategy = StrategyResolver.load_strategy(config)

    def last(of_api, pair="BTC/USDT"):
        server.answer = of_api
        strategy.bot_loop_start(NOW)
        metadata = {"pair": pair}
        frame = strategy.advise_indicators(candles(), metadata)
        frame = strategy.advise_exit(strategy.advise_entry(frame, metadata), metadata)
        assert not frame[["enter_long", "exit_long"]].iloc[:-1].any(axis=None), "only the last candle has a forecast"
        return tuple(frame[["enter_long", "exit_long"]].iloc[-1].fillna(0))

    assert last(answer("buy")) == (1, 0)
    assert last(answer("buy"), "BTC/USDT:USDT") == (1, 0)
    assert last(answer("sell")) == (0, 1)
    assert last(answer(None)) == (0, 0)
    assert last(answer("buy"), "ETH/USDT") == (0, 0), "a coin that is refused"
    assert last(answer("buy"), "XRP/USDT") == (0, 0), "a coin that the run does not know"
    assert last(answer("buy", minutes_ago=1)) == (0, 0), "the forecast of another candle"
    assert last(answer("buy", is_stale=True)) == (0, 0), "a watch that stands still"
    assert last(None) == (0, 0), "no answer"
    trade = lambda minutes: SimpleNamespace(open_date_utc=NOW - timedelta(minutes=minutes))
    exits = [strategy.custom_exit("BTC/USDT", trade(minutes), NOW, 1.0, 0.0) for minutes in (14, 15)]
    assert exits == [None, "horizon"], exits
    server.shutdown()
    print("the strategy loads, and buys and sells by the API alone")


if __name__ == "__main__":
    main()
