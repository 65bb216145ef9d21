//! Funding rates of futures, after the candles: by REST, or month by month from the archive where
//! REST is not served or does not know the coin.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{anyhow, bail};
use cli::WithHint;
use market::{Error, FundingRate, Market, Period, Symbol};

use super::job::Job;
use crate::read::unzipped;

const DAY_MS: i64 = 86_400_000;

/// Brings the funding rates of all coins up to date; of the spot market, which has none, nothing.
///
/// # Errors
/// What requests and the disk say; a file that is not what it should be. What was fetched until
/// then is in the store.
pub(super) async fn fetch_funding(
    job: &Job,
    symbols: &[Symbol],
    interrupted: &AtomicBool,
) -> anyhow::Result<()> {
    if job.store.market() != Market::Futures {
        return Ok(());
    }
    let bar = cli::progress_bar("funding rates", symbols.len() as u64);
    let mut added = 0;
    for symbol in symbols {
        if interrupted.load(Ordering::Relaxed) {
            bail!("interrupted before all funding rates; the same command goes on from here");
        }
        let stored = job.store.funding(symbol)?;
        let rates = match by_rest(job, symbol, &stored).await? {
            Some(rates) => rates,
            None => by_archive(job, symbol, &stored).await?,
        };
        added += job.store.add_funding(symbol, &rates)?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    cli::note(format!("{added} funding rates are new"));
    Ok(())
}

/// What the store does not have yet; None where REST cannot be asked, or does not know the coin.
async fn by_rest(
    job: &Job,
    symbol: &Symbol,
    stored: &[FundingRate],
) -> anyhow::Result<Option<Vec<FundingRate>>> {
    let Some(rest) = &job.rest else {
        return Ok(None);
    };
    // Whether earlier ones are missing only the exchange knows, unless the first wanted day has one.
    let has_first = |one: &FundingRate| one.time_ms < job.from_ms + DAY_MS;
    let from_ms = match (stored.first().filter(|one| has_first(one)), stored.last()) {
        (Some(_), Some(last)) => job.from_ms.max(last.time_ms + 1),
        _ => job.from_ms,
    };
    match rest.funding_rates(symbol, from_ms, job.until_ms).await {
        Ok(rates) => Ok(Some(rates)),
        Err(Error::Rejected { status: 400, .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The months that the store does not have.
async fn by_archive(
    job: &Job,
    symbol: &Symbol,
    stored: &[FundingRate],
) -> anyhow::Result<Vec<FundingRate>> {
    let months = std::iter::successors(Some(Period::month_of(job.from_ms)), |month| {
        Some(month.next())
    });
    let mut rates = Vec::new();
    for month in months.take_while(|month| month.start_ms() < job.until_ms) {
        let last_day = month.end_ms() - DAY_MS..month.end_ms();
        if stored.iter().any(|one| last_day.contains(&one.time_ms)) {
            continue;
        }
        if let Some(bytes) = job.archive.funding(symbol, month).await? {
            let of_month = parsed(&format!("{symbol}-fundingRate-{month}.zip"), month, &bytes)?;
            let is_wanted = |one: &FundingRate| (job.from_ms..job.until_ms).contains(&one.time_ms);
            rates.extend(of_month.into_iter().filter(is_wanted));
        }
    }
    Ok(rates)
}

/// The rates of an archive file: columns `calc_time`, `funding_interval_hours`,
/// `last_funding_rate`, with or without a header.
fn parsed(name: &str, month: Period, bytes: &[u8]) -> anyhow::Result<Vec<FundingRate>> {
    let text = unzipped(Path::new(name), std::io::Cursor::new(bytes))?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.as_slice());
    let mut rates = Vec::new();
    for (line, record) in reader.records().enumerate() {
        let record = record?;
        if line == 0 && record.get(0) == Some("calc_time") {
            continue;
        }
        let time_ms = record.get(0).and_then(|text| text.parse::<i64>().ok());
        let rate = record.get(2).and_then(|text| text.parse::<f64>().ok());
        let known = time_ms.zip(rate);
        let checked = known
            .and_then(|(time_ms, rate)| FundingRate::checked(time_ms, rate))
            .filter(|one| (month.start_ms()..month.end_ms()).contains(&one.time_ms));
        rates.push(checked.ok_or_else(|| {
            anyhow!(
                "{name}, line {}: found {:?}, expected a time in {month}, hours and a rate",
                line + 1,
                record.iter().collect::<Vec<_>>().join(",")
            )
            .hint("fetch the file again")
        })?);
    }
    Ok(rates)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn zipped(text: &str) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file("BTCUSDT-fundingRate-2023-11.csv", options)
            .unwrap();
        std::io::Write::write_all(&mut zip, text.as_bytes()).unwrap();
        zip.finish().unwrap().into_inner()
    }

    #[test]
    fn archive_files_are_read_as_the_exchange_writes_them() {
        let month = Period::month_of(1_698_796_800_000);
        let text = "calc_time,funding_interval_hours,last_funding_rate\n\
                    1698796800000,8,0.00010000\n1698825600006,8,-0.00002310\n";
        let found = parsed("file", month, &zipped(text)).unwrap();
        let expected = [(1_698_796_800_000, 1e-4), (1_698_825_600_006, -2.31e-5)];
        let rates: Vec<(i64, f64)> = found.iter().map(|one| (one.time_ms, one.rate)).collect();
        assert_eq!(rates, expected);
        let wrong = parsed("file", month, &zipped("1698796800000,8\n")).unwrap_err();
        let expected = r#"file, line 1: found "1698796800000,8", expected a time in 2023-11, hours and a rate"#;
        assert_eq!(wrong.to_string(), expected);
        assert!(
            parsed("file", month.next(), &zipped(text)).is_err(),
            "of another month"
        );
    }
}
