//! Funding rates of futures by REST.

use serde_json::Value;

use super::RestClient;
use super::wire::{number, wrong_shape};
use crate::{Error, FundingRate, Symbol};

/// Most payments in one answer.
const LIMIT: usize = 1000;

impl RestClient {
    /// The funding of a future that was paid in `from_ms..until_ms`, in order of time; the spot
    /// market has none.
    ///
    /// # Errors
    ///
    /// Everything a request can meet: see [`Error`].
    pub async fn funding_rates(
        &self,
        symbol: &Symbol,
        from_ms: i64,
        until_ms: i64,
    ) -> Result<Vec<FundingRate>, Error> {
        let mut rates = Vec::new();
        let mut next_ms = from_ms.max(0);
        while next_ms < until_ms {
            let path = format!(
                "{}/fundingRate?symbol={symbol}&startTime={next_ms}&endTime={}&limit={LIMIT}",
                self.api(),
                until_ms - 1
            );
            let request = format!("{} for {symbol}", self.sender.request(&path));
            let answer = self.sender.get(&path, &request).await?;
            let page = payments(&answer, (next_ms, until_ms), &request)?;
            let Some(last) = page.last() else { break };
            next_ms = last.time_ms + 1;
            let is_full = page.len() >= LIMIT;
            rates.extend(page);
            if !is_full {
                break;
            }
        }
        Ok(rates)
    }
}

/// The answer to `fundingRate`: an array of objects.
fn payments(
    answer: &Value,
    (from_ms, until_ms): (i64, i64),
    request: &str,
) -> Result<Vec<FundingRate>, Error> {
    let Some(rows) = answer.as_array() else {
        let expected = "an array of funding rates";
        return Err(wrong_shape(
            request,
            "the answer".to_owned(),
            expected,
            answer,
        ));
    };
    let payment = |(index, row): (usize, &Value)| {
        let time_ms = row.get("fundingTime").and_then(Value::as_i64);
        let rate = row.get("fundingRate").and_then(number);
        let known = time_ms.zip(rate);
        let checked = known.and_then(|(time_ms, rate)| FundingRate::checked(time_ms, rate));
        let expected = format!("a fundingTime in {from_ms}..{until_ms} and a fundingRate");
        checked
            .filter(|one| (from_ms..until_ms).contains(&one.time_ms))
            .ok_or_else(|| wrong_shape(request, format!("payment {index}"), &expected, row))
    };
    let mut rates: Vec<FundingRate> = (rows.iter().enumerate())
        .map(payment)
        .collect::<Result<_, _>>()?;
    rates.sort_by_key(|one| one.time_ms);
    Ok(rates)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn payments_are_read_and_what_cannot_be_is_refused() {
        let answer: Value = serde_json::from_str(
            r#"[{"symbol":"BTCUSDT","fundingTime":1698768000001,"fundingRate":"-0.00012","markPrice":"34000"},
                {"symbol":"BTCUSDT","fundingTime":1698739200000,"fundingRate":"0.0001","markPrice":""}]"#,
        )
        .unwrap();
        let range = (1_698_700_000_000, 1_698_800_000_000);
        let found = payments(&answer, range, "request").unwrap();
        let rates: Vec<(i64, f64)> = found.iter().map(|one| (one.time_ms, one.rate)).collect();
        assert_eq!(
            rates,
            [(1_698_739_200_000, 0.0001), (1_698_768_000_001, -0.00012)]
        );
        for wrong in [
            "{}",
            r#"[{"fundingTime":1,"fundingRate":"0.1"}]"#,
            r#"[{"fundingTime":1698768000001,"fundingRate":"7"}]"#,
            r#"[{"fundingTime":1698768000001}]"#,
        ] {
            let answer: Value = serde_json::from_str(wrong).unwrap();
            assert!(payments(&answer, range, "request").is_err(), "{wrong}");
        }
    }
}
