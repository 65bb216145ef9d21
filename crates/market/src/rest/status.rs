//! Which coins are traded, as the exchange says.

use serde_json::Value;

use super::RestClient;
use crate::{Error, Market, Symbol};

/// The exchange's number for a symbol that it does not know.
const UNKNOWN_SYMBOL: &str = "-1121";

impl RestClient {
    /// The pairs of the quote currency that the exchange trades now, sorted; of futures the perpetual
    /// contracts. A pair whose name is none that this project knows is left out.
    ///
    /// # Errors
    ///
    /// Everything a request can meet: see [`Error`].
    pub async fn traded_pairs(&self, quote: &str) -> Result<Vec<Symbol>, Error> {
        let api = self.api();
        let path = match self.market {
            // All symbols with all that is known of them are past 10 MB.
            Market::Spot => {
                format!("{api}/exchangeInfo?symbolStatus=TRADING&showPermissionSets=false")
            }
            Market::Futures => format!("{api}/exchangeInfo"),
        };
        let request = self.sender.request(&path);
        let answer = self.sender.get(&path, &request).await?;
        let Some(listed) = answer.get("symbols").and_then(Value::as_array) else {
            return Err(Error::WrongShape {
                request,
                place: "symbols".to_owned(),
                expected: "a list of symbols".to_owned(),
                found: super::beginning(&answer.to_string()),
            });
        };
        let is_wanted = |entry: &&Value| {
            let is_perpetual = entry
                .get("contractType")
                .is_none_or(|kind| kind == "PERPETUAL");
            entry["quoteAsset"] == quote && entry["status"] == "TRADING" && is_perpetual
        };
        let name = |entry: &Value| Symbol::new(entry["symbol"].as_str()?).ok();
        let mut pairs: Vec<Symbol> = listed.iter().filter(is_wanted).filter_map(name).collect();
        pairs.sort();
        Ok(pairs)
    }

    /// Whether the exchange trades `symbol` now: not where its status is another than `TRADING`,
    /// such as `BREAK`, nor where the exchange does not know it (any more).
    ///
    /// # Errors
    ///
    /// Everything a request can meet: see [`Error`].
    pub async fn is_trading(&self, symbol: &Symbol) -> Result<bool, Error> {
        let path = format!("{}/exchangeInfo?symbol={symbol}", self.api());
        let request = format!("{} for {symbol}", self.sender.request(&path));
        let answer = match self.sender.get(&path, &request).await {
            Err(Error::Rejected { found, .. }) if found.contains(UNKNOWN_SYMBOL) => {
                return Ok(false);
            }
            answer => answer?,
        };
        let listed = answer.get("symbols").and_then(Value::as_array);
        // Futures list all symbols, whichever is asked for.
        let entry = listed.and_then(|listed| {
            listed
                .iter()
                .find(|entry| entry["symbol"] == symbol.as_str())
        });
        match (listed, entry.map(|entry| &entry["status"])) {
            (Some(_), None) => Ok(false),
            (_, Some(Value::String(status))) => Ok(status == "TRADING"),
            _ => Err(Error::WrongShape {
                request,
                place: "symbols".to_owned(),
                expected: "the symbol's status".to_owned(),
                found: super::beginning(&answer.to_string()),
            }),
        }
    }
}
