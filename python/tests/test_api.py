from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import polars as pl
import pytest

import quarterhour

COIN = {
    "symbol": "BTCUSDT", "close": 42000.5, "forecast": 0.0012, "refused": None, "in_sample": False, "drift_std": 0.5,
    "signal": "buy", "intervals": [{"coverage": 0.8, "lower": -0.01, "upper": 0.0124}],
    "volatility": {"per_day": 0.03, "per_year": 0.573, "variance_per_day": 0.001, "intervals": [], "regime_edges": [0.02, 0.04],
                   "regimes": [["Low", 0.2], ["Medium", 0.5], ["High", 0.3]], "change_in_a_week": None},
}  # fmt: skip
REFUSED = {"symbol": "ETHUSDT", "close": None, "forecast": None, "refused": "no candle", "in_sample": False}
FORECASTS = {
    "time": 1_704_067_200_000, "closed_at": 1_704_067_260_000, "horizon_bars": 15, "forecaster": "network panel20",
    "coins": [COIN, REFUSED],
}  # fmt: skip


class Api(BaseHTTPRequestHandler):
    """Answers as `quarterhour serve` does, with the token `secret`."""

    def do_GET(self):
        self.answer(200 if self.path == "/forecasts?format=json" else 404, FORECASTS)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers["Authorization"] != "Bearer secret":
            self.answer(401, {"title": "Unauthorized", "status": 401, "detail": "the token is missing or wrong"})
        else:
            self.answer(200, FORECASTS | {"forecaster": f"at {body['at']}"})

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def url():
    with ThreadingHTTPServer(("127.0.0.1", 0), Api) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_the_api_gives_columns_of_the_forecast_table(url):
    frame = quarterhour.predict(url=url + "/")
    assert frame["time"].to_list() == [datetime(2024, 1, 1, tzinfo=UTC)] * 2
    assert frame["closed_at"][0] == datetime(2024, 1, 1, 0, 1, tzinfo=UTC)
    assert frame["forecast"].to_list() == [0.0012, None] and frame["refused"][1] == "no candle"
    first = frame.row(0, named=True)
    assert (first["lower_80"], first["upper_80"]) == (-0.01, 0.0124)
    assert (first["volatility_mean"], first["variance_mean"], first["probability_high"]) == (0.03, 0.001, 0.3)
    assert first["forecaster"] == "network panel20"


def test_a_time_is_posted_with_the_token(url):
    frame = quarterhour.predict(url=url, at="2024-01-01T00:00", token="secret")
    assert frame["forecaster"][0] == "at 2024-01-01T00:00"
    with pytest.raises(ConnectionError, match="answers 401: the token is missing or wrong"):
        quarterhour.predict(url=url, at="2024-01-01T00:00")


def test_an_address_without_an_api_is_named():
    with pytest.raises(ConnectionError, match="http://127.0.0.1:9/forecasts.* does not answer"):
        quarterhour.predict(url="http://127.0.0.1:9", timeout=2)


def test_either_a_run_or_an_address():
    with pytest.raises(ValueError, match="either run=.* or url="):
        quarterhour.predict()


def test_the_program_forecasts_as_the_table_has_it(market):
    run = market.network("resnet")
    row = quarterhour.read_forecasts(run).filter(pl.col("fold") == 2).row(700, named=True)
    at = row["time"].strftime("%Y-%m-%dT%H:%M")
    frame = quarterhour.predict(run, at=at, options=("--device", "cpu", "--set", f"data.dir={market.data}"))
    found = frame.filter(pl.col("symbol") == row["symbol"]).row(0, named=True)
    assert found["time"] == row["time"]
    assert found["forecast"] == pytest.approx(row["forecast"], abs=1e-12)


def test_what_the_program_refuses_is_said(market):
    with pytest.raises(quarterhour.ProgramError, match="--at: "):
        quarterhour.predict(market.network("resnet"), at="yesterday")
