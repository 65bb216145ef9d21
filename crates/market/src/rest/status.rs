//! Whether a coin is traded, as the exchange says.

use serde_json::Value;

use super::RestClient;
use crate::{Error, Symbol};

/// The exchange's number for a symbol that it does not know.
const UNKNOWN_SYMBOL: &str = "-1121";

impl RestClient {
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
