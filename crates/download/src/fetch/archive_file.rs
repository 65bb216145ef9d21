//! The candles of one file of the exchange's archive.

use std::path::Path;

use anyhow::anyhow;
use dataset::{CandleTable, format_time};
use market::ArchiveFile;

use crate::read::read_archive;

/// The candles of an archive file, each checked, all within the month or day that the file is of.
/// Candles off the grid, which files of December 2017 and February 2018 have after outages of the
/// exchange, are of no minute, and left out.
///
/// # Errors
/// A file that is broken, or holds a candle of another month or day.
pub fn parsed(file: &ArchiveFile, bytes: &[u8]) -> anyhow::Result<CandleTable> {
    let name = file.name();
    let path = Path::new(&name);
    let mut read = read_archive(path, bytes)?;
    let off_grid = read.keep_on_grid(file.interval);
    if off_grid > 0 {
        cli::note(format!(
            "{name}: {off_grid} candles that open at no multiple of {} were left out",
            file.interval
        ));
    }
    // Whether a candle has closed is the archive's affair, by its own clock.
    let coins = read.checked(file.interval, i64::MAX)?;
    let candles = coins
        .into_iter()
        .next()
        .map(|(_, candles)| candles)
        .unwrap_or_default();
    let period = file.period.start_ms()..file.period.end_ms();
    match candles
        .open_time_ms
        .iter()
        .find(|time| !period.contains(time))
    {
        Some(&time) => Err(anyhow!(
            "{name}: found a candle at {}, expected all in {}",
            format_time(time),
            file.period
        )),
        None => Ok(candles),
    }
}

#[cfg(test)]
mod tests {
    use market::{Interval, Period};

    use super::*;

    /// As files of 2018 have them: seconds off the minute after an outage.
    #[test]
    fn candles_off_the_grid_are_left_out_of_archive_files() {
        let period = Period::month_of(1_518_163_200_000);
        let file = ArchiveFile {
            symbol: "BTCUSDT".parse().unwrap(),
            interval: Interval::ONE_MINUTE,
            period,
        };
        let row = |open_ms: i64| format!("{open_ms},2,3,1,2,10,{},20,5,4,8,0\n", open_ms + 59_999);
        let rows = [0, 14_000, 60_000]
            .map(|ms| row(1_518_163_200_000 + ms))
            .concat();
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        zip.start_file(
            "BTCUSDT-1m-2018-02.csv",
            zip::write::SimpleFileOptions::default(),
        )
        .unwrap();
        std::io::Write::write_all(&mut zip, rows.as_bytes()).unwrap();
        let bytes = zip.finish().unwrap().into_inner();
        assert_eq!(
            parsed(&file, &bytes).unwrap().open_time_ms,
            [1_518_163_200_000, 1_518_163_260_000]
        );
    }
}
